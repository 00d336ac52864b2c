"""Labels and the names of columns: what they mean in files and in data frames alike."""

# Names of columns, labels, and the columns that these mean.
MATCHES = {
    "text": (["prob_cat", "prob_dog"], ["dog", "cat", "dog"], [1, 0, 1]),
    "suffix": (["cat_p", "dog_p"], ["dog", "cat", "dog"], [1, 0, 1]),
    "capitals": (["probCat", "probDog"], ["Dog", "Cat", "Dog"], [1, 0, 1]),
    "no common part": (["cat", "dog"], ["dog", "cat", "dog"], [1, 0, 1]),
    "positions": (["prob_cat", "prob_dog"], [1, 0, 1], [1, 0, 1]),
    "a prefix of the classes": (["ski_red", "ski_new"], ["ski_new", "ski_red"] * 2, [1, 0] * 2),
    "two prefixes": (["p_ski_red", "p_ski_new"], ["ski_new", "ski_red"] * 2, [1, 0] * 2),
    "numbers in names": (["p_cat_2", "p_cat_1"], ["cat_2", "cat_1"], [1, 0]),
    "booleans": (["True", "False"], [True, False, True], [1, 0, 1]),
    "booleans with a prefix": (["p_True", "p_False"], [True, False, True], [1, 0, 1]),
    "numbers for booleans": (["p_1", "p_0"], [True, False, True], [1, 0, 1]),
    "booleans for numbers": (["p_True", "p_False"], [1, 0, 1], [1, 0, 1]),
    "signs": (["1", "-1"], [1, -1, -1], [1, 0, 0]),
    "signs with a prefix": (["p_1", "p_-1"], [1, -1, -1], [1, 0, 0]),
    "all negative": (["p_-1", "p_-2"], [-1, -2, -2], [1, 0, 0]),
    "all negative, in front": (["-1_p", "-2_p"], [-1, -2, -2], [1, 0, 0]),
    "two separators": (["prob--0", "prob--1"], [1, 0, 1], [1, 0, 1]),
    "a sign before a word": (["p_-3cats", "p_-1cats"], ["3cats", "1cats"], [0, 1]),
    "floats": (["3.0", "1.0", "2.0"], [1.0, 3.0, 1.0], [0, 2, 0]),
    "whole labels of float names": (["3.0", "1.0", "2.0"], [1, 3, 1], [0, 2, 0]),
    "leading zeros": (["p_02", "p_01", "p_00"], [2, 0, 2], [2, 0, 2]),
    "labels as text": (["p_2", "p_1", "p_0"], ["2", "0", "1"], [2, 0, 1]),
    "missing values in name": (["NA", "null", "nan", "None"], ["nan", "NA", "None"], [2, 0, 3]),
    "some named by numbers": (["p_cat", "p_7"], ["7", "cat"], [1, 0]),
    "spaces": (["p_red wine", "p_beer"], ["beer", "red wine"], [1, 0]),
    "languages": (["de", "id", "en"], ["id", "en", "id"], [1, 2, 1]),
    "letters": (["x", "y", "z"], ["y", "z", "x"], [1, 2, 0]),
}

# Names of columns, labels, and what the message says.
REFUSED = {
    "labels from 1": (["p_0", "p_1"], [1, 2], "1 of 2 labels are not among the classes"),
    "another name": (["p_cat", "p_dog"], ["cat", "cow"], "1 of 2 .* not among .* row 1, .*'cow'"),
    "booleans for text": (["p_yes", "p_no"], [True, False], "true or false.*write the name"),
    "fractions": (["p_0", "p_1"], [0.0, 0.5], "row 1.*0.5"),
    "both kinds": (["p_2", "p_x", "p_0"], [0, 1], "but only some class names are"),
    "missing": (["p_0", "p_1"], [0, None], "(are|is) missing.* row 1"),
    "missing text": (["p_a", "p_b"], ["a", None], "(are|is) missing.* row 1"),
}
