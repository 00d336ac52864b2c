"""Laws of the names of classes."""

from hypothesis import given
from hypothesis import strategies as st

from easiness_core.class_names import affixes, is_numbered, key_of, order_of, own_parts

WORD = st.text("abXY01_-. ", min_size=1, max_size=6)
WORDS = st.lists(WORD, min_size=2, max_size=5, unique=True)
PREFIX = st.sampled_from(["", "prob_", "P[", "model-2/", "class "])


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


@given(st.permutations(range(6)), st.sampled_from(["{}", "p_{}", "class {}", "p[{}]", "{:03d}"]))
def test_numbers_decide_the_order(order, pattern):
    columns = [pattern.format(at) for at in order]
    assert [columns[at] for at in order_of(columns)] == [pattern.format(at) for at in range(6)]


@given(WORDS)
def test_the_order_is_a_permutation(words):
    order = order_of(words)
    assert sorted(order) == list(range(len(words)))
    assert order == sorted(order) or is_numbered(own_parts(words)[0])


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
