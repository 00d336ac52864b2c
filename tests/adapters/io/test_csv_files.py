"""csv as people have it: headers, delimiters, decimal marks, encodings, and what goes wrong."""

import numpy as np
import pytest
from easiness_io import DataError, open_samples
from table_files import rows_read

P = [[0.0, 1.0], [0.25, 0.75], [0.5, 0.5]]


@pytest.fixture
def text(tmp_path):
    def write(content, name="rows.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return write


# The first line of three rows of probabilities, and what it is: names, values, or unclear.
FIRST_LINES = {
    "0.0,1.0": None, "1,0": None, "0.25,0.75": False, "1e-3,.999": False, "a,b": True,
    "nan,inf": True, "NA,null": True, "p_0,p_1": True, "1,2": True,
}  # fmt: skip


@pytest.mark.parametrize("first", FIRST_LINES)
def test_the_first_line_of_probabilities(text, first):
    path = text(first + "\n" + "".join(f"{a},{b}\n" for a, b in P))
    for n_rows, header in ((3, True), (4, False)):
        np.save("y.npy", [1] * n_rows)
        expected = FIRST_LINES[first]
        if expected is None:
            said = rf"first line, {first}, .*header=True or header=F"
            with pytest.raises(DataError, match=said):
                open_samples(path, "y.npy")
        elif expected == header:
            assert len(rows_read(path, "y.npy", classes=["x", "y"])[1]) == n_rows
        else:
            hint = "is a row, pass header=False" if expected else "holds names, pass header=True"
            said = rf"{n_rows} labels, but .*of the probabilities {hint}"
            with pytest.raises(DataError, match=said):
                rows_read(path, "y.npy", classes=["x", "y"])


@pytest.mark.parametrize(
    ("first", "order"),
    [
        ("0,1,2", [0, 1, 2]), ("2,0,1", [1, 2, 0]), ("p_2,p_0,p_1", [1, 2, 0]),
        ("3.0,1.0,2.0", [1, 2, 0]), ("0,1,10,2,3", [0, 1, 3, 4, 2]), ("03,01,02", [1, 2, 0]),
    ],
)  # fmt: skip
def test_a_header_of_numbers_is_no_sample(text, first, order):
    row = [0.5, 0.25, 0.25, 0.0, 0.0][: len(order)]
    path = text(f"{first}\n{','.join(map(str, row))}\n")
    np.save("y.npy", [1 if min(map(float, first.replace("p_", "").split(","))) else 0])
    header = True if first == "2,0,1" else None
    if header:
        with pytest.raises(DataError, match=r"2,0,1, holds names or values"):
            open_samples(path, "y.npy")
    _, probs, labels, _ = rows_read(path, "y.npy", header=header)
    assert (probs.tolist(), labels.tolist()) == ([[row[at] for at in order]], [0])


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("1\n0\n2\n", [1, 0, 2]),
        ("1.0\n0.0\n2.0\n", [1, 0, 2]),
        ("anything\n1\n0\n2\n", [1, 0, 2]),
        ("c\na\nc\n", [2, 0, 2]),
        ("class\nc\na\nc\n", [2, 0, 2]),
        ("file,class\nx,c\ny,a\nz,c\n", [2, 0, 2]),
        # A wrong guess is found.
        ("0\n1\n0\n2\n", "4 labels, but 3 rows .* first line of the labels holds names, pass h"),
        ("a\nc\nb\n", "2 labels, but 3 rows .* first line of the labels is a row, pass header=F"),
    ],
)
def test_labels_with_and_without_a_header(text, content, labels):
    probs = text("p_a,p_b,p_c\n" + "0.5,0.25,0.25\n" * 3, "probs.csv")
    path = text(content, "y{0}.csv")  # hints are templates, names are not
    if isinstance(labels, list):
        assert rows_read(probs, path)[2].tolist() == labels
    else:
        with pytest.raises(DataError, match=labels):
            rows_read(probs, path)


HALVES = "0.25,0.75,y\n0.5,0.5,{}\n0.75,0.25,y\n"
# What a file without names, or with odd ones, is read as: options, class columns, labels.
LAYOUTS = {
    "a label called y": (HALVES.format("y"), {"labels": "2", "classes": ["n", "y"]},
                         ["0", "1"], [1, 1, 1]),
    "a label called n": (HALVES.format("n"), {"labels": "2", "classes": ["n", "y"]},
                         ["0", "1"], [1, 0, 1]),
    "a label first": ("1,0.05,0.9,0.05\n2,0.1,0.1,0.8\n1,0.1,0.8,0.1\n", {"labels": "0"},
                      ["1", "2", "3"], [1, 2, 1]),
    "classes called 1.10 and 1.1": ("1.10,1.1,2.0,label\n0.8,0.1,0.1,1.10\n0.1,0.8,0.1,1.1\n",
                                    {"header": True}, ["1.10", "1.1", "2.0"], [0, 1]),
    "classes called 0.5, 1.0": ("0.5,1.0,1.5,label\n0.25,0.25,0.5,1.5\n", {},
                                ["0.5", "1.0", "1.5"], [2]),
    "prefixes": ("p_0.5,p_1.5,p_2.5,label\n0.25,0.25,0.5,2.5\n", {},
                 ["p_0.5", "p_1.5", "p_2.5"], [2]),
    "a header alone": ("cat,dog,label", {}, ["cat", "dog"], []),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts(text, case):
    content, options, columns, labels = LAYOUTS[case]
    reader, _, codes, _ = rows_read(text(content), **options)
    assert (reader.class_columns, codes.tolist()) == (columns, labels)


FORMS = {
    "blank lines": "\n\np_a,p_b,label\n\n0.25,0.75,b\n\n0.5,0.5,a\n\n",
    "Windows": "p_a,p_b,label\r\n0.25,0.75,b\r\n0.5,0.5,a\r\n",
    "old Mac": "p_a,p_b,label\r0.25,0.75,b\r0.5,0.5,a\r",
    "no last line end": "p_a,p_b,label\n0.25,0.75,b\n0.5,0.5,a",
    "spaces": "p_a, p_b, label\n0.25, 0.75, b\n 0.5, 0.5, a\n",
    "quotes": '"p_a","p_b","label"\n"0.25","0.75","b"\n"0.5","0.5","a"\n',
    "lines in cells": 'p_a,p_b,"no\nte",label\n0.25,0.75,"x\n\ny",b\n0.5,0.5,,a\n',
    "other numbers": "p_a,p_b,label\n25e-2,+.75,b\n5E-1,0.5,a\n",
    "decimal commas": "p_a;p_b;label\n0,25;0,75;b\n,5;0,5;a\n",
    "decimal commas and whole numbers": "p_a\tp_b\tn\tlabel\n0,25\t0,75\t3\tb\n0,5\t0,5\t1\ta\n",
    "quoted decimal commas": 'p_a;p_b;label\n"0,25";"0,75";b\n"0,5";"0,5";a\n',
    "pipes": "p_a|p_b|label\n0.25|0.75|b\n0.5|0.5|a\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_csv(text, form):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        reader, probs, labels, _ = rows_read(text(FORMS[form], encoding=encoding))
        assert (reader.classes, labels.tolist()) == (["a", "b"], [1, 0])
        np.testing.assert_array_equal(probs, P[1:])


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "cp1252"])
def test_an_encoding_is_named_by_the_user(text, encoding):
    path = text("p_blå,p_röd,label\n0.25,0.75,röd\n", encoding=encoding)
    with pytest.raises(DataError, match=r"text.*encoding="):
        rows_read(path)
    assert rows_read(path, encoding=encoding)[0].classes == ["blå", "röd"]
    with pytest.raises(DataError, match=r"not text in utf-7000"):
        rows_read(path, encoding="utf-7000")


def test_delimiter_and_decimal_are_named_by_the_user(text):
    path = text("p_a:p_b:label\n0.25:0.75:b\n")
    assert rows_read(path, delimiter=":")[1].tolist() == [[0.25, 0.75]]
    path = text("p_a;p_b;note;label\n0,25;0,75;1.5;b\n")
    with pytest.raises(DataError, match=r"decimal points, others decimal commas.*decimal="):
        rows_read(path)
    assert rows_read(path, decimal=",")[1].tolist() == [[0.25, 0.75]]


HEAD = "p_a,p_b,label\n" + "0.25,0.75,b\n" * 2000
NOTES = HEAD.replace("label\n", "label,note\n").replace("b\n", "b,ok\n")
NOTES = "".join(
    line.replace("ok", "{0}") if at in (1101, 1901) else line
    for at, line in enumerate(NOTES.splitlines(keepends=True))
)
OPEN = "a quotation mark is never closed"
BROKEN = {
    "text late": (HEAD + "0.25,oops,b\n", "row 2000, column 'p_b': expected a number, got 'oops'"),
    "missing late": (HEAD + "0.25,,b\n", "column 'p_b': 1 value is missing, in row 2000"),
    "label late": (HEAD + "0.25,0.75,c\n", "1 of 2001 labels are not among .* row 2000, label 'c'"),
    "no label late": (HEAD + "0.25,0.75,\n", "labels: 1 value is missing, in row 2000"),
    "long late": (HEAD + "0.25,0.75,b,\n", "row 2000 has 4 cells, the first line has 3"),
    "bytes late": (HEAD.encode() + b"0.25,0.75,b\n" * 100_000 + b"0,1,\xff\n",
                   "row 10[0-9]+ or after: not text in UTF-8"),
    "NA early": ("p_a,p_b,label\n0.5,0.5,a\nNA,1,b\n", "'p_a': 1 value is missing, in row 1"),
    "short early": ("p_a,p_b,label\n0.5,0.5,a\n1,b\n", "row 1 has 2 cells, the first line has 3"),
    "open quote": ('p_a,p_b,label\n0.5,0.5,"a\n1,0,b\n', f"row 0: {OPEN}"),
    "open quote late": (HEAD + '0.5,0.5,"a\n' + "1,0,b\n" * 400_000, f"row 2000: {OPEN}"),
    "cut within quotes": (HEAD + '0.5,0.5,"a"\n' * 200_000 + '0.5,0.5,"a', f"row 202000: {OPEN}"),
    "an odd quote": (NOTES.format('"oops'), "row 1100: .* expected after"),
    "an escaped quote": (NOTES.format('"size 5\\""'), "row 1100: .* expected after"),
    "one long line": ("p_a," * 300_000, "first line is longer than"),
    "nul": ("p_a,p_b,label\n0.5,0.5,\0\n", "it contains zero bytes"),
    "empty": ("", r"it is empty \(0 bytes\)"),
    "a line that is no line": ("\x0c", "no columns of numbers"),
    "blank": ("\n\n\n", "it has no rows"),
    "an empty cell beside fractions": ("0.25,0.75,\n0.5,0.5,1\n", "no column of labels"),
    "names twice": ("cat,dog,label\n.5,.5,cat\ncat,dog,label\n.5,.5,cat\n", "no columns of num"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_csv(text, case):
    content, message = BROKEN[case]
    with pytest.raises(ValueError, match=rf"rows.csv': .*{message}"):
        rows_read(text(content))


def test_texts_of_several_lines_are_texts(text):
    rows = [f'0.9,0.1,cat,"a ""quoted"",\n\nlong text, {row}"' for row in range(3000)]
    _, probs, _, _ = rows_read(text("cat,dog,label,note\n" + "\n".join(rows)))
    assert probs.tolist() == [[0.9, 0.1]] * 3000


def test_columns_without_names_may_be_ids_or_labels(text):
    path = text("".join(f"{at},-0.5,-1.5\n" for at in range(9)))
    np.save("y.npy", [0] * 9)
    with pytest.raises(DataError, match="columns 0 hold whole numbers"):
        open_samples(path, "y.npy", logits=True)
    with pytest.raises(DataError, match="if the first line is a row, pass header=False"):
        rows_read(text("0,0\n1,2\n"))
