"""Names of classes: what columns of frames and labels mean, and how they are matched."""

import numpy as np
import pytest
from class_name_cases import MATCHES, REFUSED
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core.class_names import affixes, is_numbered, key_of, order_of, own_parts

pd = pytest.importorskip("pandas")

WORD = st.text("abXY01_-. ", min_size=1, max_size=6)
WORDS = st.lists(WORD, min_size=2, max_size=5, unique=True)
PREFIX = st.sampled_from(["", "prob_", "P[", "model-2/", "class "])
PROBS = np.array([[0.9, 0.06, 0.04], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8], [0.3, 0.3, 0.4]])
CODES = [0, 1, 2, 1]


def frame(names, probs=PROBS):
    return pd.DataFrame(probs, columns=names)


@given(WORDS, PREFIX)
def test_parts_are_cut_from_the_ends_alone_and_stay_different(words, prefix):
    columns = [prefix + word for word in words]
    parts = own_parts(columns)
    assert parts[-1] == tuple(columns) or is_numbered(parts[-1])
    for names in parts:
        assert len(set(names)) == len(columns)
        assert all(name in column for name, column in zip(names, columns, strict=True))
    lengths = [sum(map(len, names)) for names in parts]
    assert min(lengths) == lengths[0]


@given(WORDS)
def test_a_group_shares_its_affix(words):
    for affix, members in affixes(words).items():
        assert len(members) > 1
        assert set(members) <= set(words)
        if affix:
            part = affix.strip("*")
            assert all(m.startswith(part) or m.endswith(part) for m in members)


@given(st.integers() | st.floats(allow_nan=False) | WORD)
def test_a_key_stands_for_itself(value):
    assert key_of(key_of(value)) == key_of(value)
    if isinstance(value, (int, float)) and abs(value) < 1e15:
        assert key_of(str(value)) == key_of(value)


@given(WORDS)
def test_the_order_is_a_permutation(words):
    order = order_of(words)
    assert sorted(order) == list(range(len(words)))
    assert order == sorted(order) or is_numbered(own_parts(words)[0])


PATTERNS = st.sampled_from(["{}", "p_{}", "class {}", "p[{}]", "{:03d}", "{}.0"])


@given(st.permutations(range(4)), PATTERNS)
def test_numbered_columns_are_put_in_the_order_of_their_numbers(order, pattern):
    probs = np.random.default_rng(0).dirichlet(np.ones(4), 8)
    labels = np.arange(8) % 4
    names = [pattern.format(at) for at in order]
    assert [names[at] for at in order_of(names)] == [pattern.format(at) for at in range(4)]
    for given_labels in (labels, labels.astype(float), [str(k) for k in labels]):
        got = ec.score(frame(names, probs[:, order]), given_labels)
        assert got.log_easiness.tobytes() == ec.log_easiness(probs, labels).tobytes()
        assert got.classes is None


@given(st.permutations(["cat", "dog", "ant"]))
def test_the_order_of_named_columns_does_not_matter(order):
    words = ["cat", "dog", "ant", "dog"]
    columns = dict(zip(["cat", "dog", "ant"], PROBS.T, strict=True))
    got = ec.score(pd.DataFrame({f"prob_{name}": columns[name] for name in order}), words)
    assert got.classes == tuple(order)
    assert [order[at] for at in got.labels] == words
    assert got.loss.tolist() == ec.score(PROBS, CODES).loss.tolist()


def test_columns_numbered_by_numbers_have_no_names():
    got = ec.score(frame([2, 0, 1], PROBS[:, [2, 0, 1]]), CODES)
    assert got.classes is None
    assert got.loss.tolist() == ec.score(PROBS, CODES).loss.tolist()


@pytest.mark.parametrize("case", MATCHES)
def test_labels_are_matched_with_names(case):
    names, labels, expected = MATCHES[case]
    probs = np.random.default_rng(0).dirichlet(np.ones(len(names)), len(labels))
    assert ec.score(frame(names, probs), labels).labels.tolist() == expected


@pytest.mark.parametrize("case", REFUSED)
def test_labels_that_match_no_name_are_refused(case):
    names, labels, message = REFUSED[case]
    with pytest.raises(ValueError, match=rf"^labels: .*({message})"):
        ec.score(frame(names, np.full((2, len(names)), 1 / len(names))), labels)


@pytest.mark.parametrize(
    ("dtype", "names"),
    [
        (np.int64, (1, 2, 3)), (np.int8, (-128, -127, 127)), (np.uint8, (0, 1, 255)),
        (np.int64, (-(2**63), 0, 2**63 - 1)), (np.uint64, (2**63 - 2, 2**63 - 1, 2**64 - 1)),
        (np.int64, (2**62, 2**62 + 1, 2**62 + 3)), (">i4", (-5, -4, 5)),
    ],
)  # fmt: skip
def test_columns_named_by_any_whole_numbers(dtype, names):
    labels = np.array(names, dtype)[CODES]
    got = ec.score(frame(names), labels)
    assert (got.classes, got.labels.tolist()) == (names, CODES)
    with pytest.raises(ValueError, match=r"^labels: 1 of 4 .* row 0, label "):
        ec.score(frame(names), np.append(np.array([names[1] + 1], dtype) * 2, labels[1:]))


def class_labels(names, codes=CODES):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(label=datasets.ClassLabel(names=names))
    return datasets.Dataset.from_dict({"label": codes}, features=features)["label"]


# Names of codes, codes, names of the columns, and what these have of their own.
BY_NAME = {
    "text": (["cat", "dog", "emu"], CODES, "p_{}", ["emu", "dog", "cat"]),
    "numbers from 1": (["1", "2", "3"], CODES, "p_{}", ["1", "2", "3"]),
    "only codes that are also names": (["1", "2", "3"], [1, 2, 2, 1], "star_{}", ["1", "2", "3"]),
    "numbers in another order": (["2", "0", "1"], CODES, "{}", ["0", "1", "2"]),
    "columns in another order": (["2", "0", "1"], CODES, "p_{}", ["2", "1", "0"]),
    "more names than columns": (["a", "b", "c", "d"], [3, 0, 1, 3], "{}", ["b", "d", "a"]),
    "names with a prefix": (["p_x", "p_y", "p_z"], CODES, "{}", ["p_z", "p_y", "p_x"]),
    "zeros in front": (["01", "1", "2"], CODES, "{}", ["2", "1", "01"]),
}


@pytest.mark.parametrize("case", BY_NAME)
def test_codes_of_class_labels_are_matched_by_name(case):
    names, codes, form, own = BY_NAME[case]
    labels = class_labels(names, codes)
    want = [own.index(names[code]) for code in codes]
    right = ec.score(PROBS, want)
    columns = frame([form.format(name) for name in own])
    for got in (ec.score(columns, labels), ec.score(PROBS, labels, classes=own)):
        assert got.loss.tobytes() == right.loss.tobytes()
    assert got.labels.tolist() == want


def test_class_labels_name_what_has_no_names():
    got = ec.score(frame(["p_0", "p_1", "p_2"]), class_labels(["x", "y", "z"]))
    assert got.classes == ("x", "y", "z")
    plain = ec.score(PROBS, class_labels(["2", "0", "1"]))
    assert (plain.classes, plain.labels.tolist()) == (("2", "0", "1"), CODES)
    # `classes` may rename the columns that they match, or be the codes.
    labels = class_labels(["cat", "dog", "emu"])
    got = ec.score(frame(["emu", "dog", "cat"]), labels, classes=["Emu", "Hund", "Katze"])
    assert (got.classes, got.labels.tolist()) == (("Emu", "Hund", "Katze"), [2, 1, 0, 1])
    assert ec.score(PROBS, labels, classes=[2, 1, 0]).labels.tolist() == [2, 1, 0, 1]


@pytest.mark.parametrize(
    ("names", "codes", "message"),
    [
        (["a", "b", "c"], CODES, "their classes are .*, those of the columns 1, 2"),
        (["1", "2", "c"], CODES, "their classes are .*, those of the columns 1, 2"),
        (["x_1", "x_2", "x_3"], CODES, "their classes are .*, those of the columns 1, 2"),
        (["1", "2", "3"], [0, 1, 2, -1], "1 of 4 .* row 3, label -1"),
    ],
)
def test_class_labels_that_match_no_column_are_refused(names, codes, message):
    with pytest.raises(ValueError, match=f"^labels: {message}"):
        ec.score(frame(["p_1", "p_2", "p_3"]), class_labels(names, codes))
    if codes is CODES:
        with pytest.raises(ValueError, match=r"^labels: .* those of classes Emu, Dog"):
            ec.score(PROBS, class_labels(names), classes=["Emu", "Dog", "Cat"])
        with pytest.raises(ValueError, match=r"^labels: they have 4 classes"):
            ec.score(PROBS, class_labels(["e", *names]))
