"""Saved states go on exactly; damaged ones are refused, and nothing changes."""

import copy
import json

import numpy as np
import pytest
from easiness_aum import AreaUnderMargin

DAMAGE = [None, "x", -1, 2**70, 1.5, float("nan"), float("inf"), True, [], [1], {}]
# Numbers that may as well have been measured, and cannot be told from those that were.
PLAUSIBLE = ("margin", "target_value", "other_value")
KEEPS = (("keep_records",), ("keep_probs",))


def measured(rng, *, names=False, keep_records=True):
    area = AreaUnderMargin(keep_records=keep_records, keep_probs=True)
    for _ in range(2):
        ids = np.array([0, 1, 3])
        logits = rng.normal(size=(3, 3))
        area.update([f"s{k}" for k in ids] if names else ids, logits, ids % 3)
    return area


def places(part, path=()):
    """Paths to everything in a state that is no number of a longer column."""
    if path:
        yield path
    if isinstance(part, dict):
        for key in part:
            yield from places(part[key], (*path, key))
    elif isinstance(part, list) and part:
        yield from places(part[-1], (*path, len(part) - 1))


def damaged(state, path, value):
    changed = copy.deepcopy(state)
    part = changed
    for key in path[:-1]:
        part = part[key]
    if value is KeyError:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return changed


def test_a_state_goes_through_json_and_goes_on(rng, tmp_path):
    first, resumed = measured(rng, names=True), AreaUnderMargin(keep_records=True, keep_probs=True)
    first.set_epoch(3)
    resumed.load_state_dict(json.loads(json.dumps(first.state_dict())))
    for area in (first, resumed):
        area.update(["s9", "s1"], [[2.0, 1.0, 0.5], [0.0, 4.0, 1.0]], [0, 1])
        area.to_csv(tmp_path / str(area is first))
    assert resumed.state_dict() == first.state_dict()
    for file in (tmp_path / "True").iterdir():
        assert (tmp_path / "False" / file.name).read_bytes() == file.read_bytes()
    np.testing.assert_array_equal(resumed.values().probs, first.values().probs)


@pytest.mark.parametrize("names", [False, True])
def test_whatever_is_damaged_is_refused(rng, names):
    state = measured(rng, names=names).state_dict()
    area = measured(rng, names=names)
    before = area.state_dict()
    paths = list(places(state))
    assert len(paths) > 25
    refused = 0
    for path in paths:
        for value in (*DAMAGE, KeyError):
            changed = damaged(state, path, value)
            if path[0] == "options" and path[1:] in KEEPS and value is True:
                continue
            number = type(value) in (int, float) and np.isfinite(float(value))
            if number and len(path) == 3 and path[1] in PLAUSIBLE:
                continue
            # Another name for a sample.
            if len(path) == 2 and path[0] == "ids" and value == ("x" if names else -1):
                continue
            with pytest.raises(ValueError, match="state: "):
                area.load_state_dict(changed)
            assert area.state_dict() == before
            refused += 1
    assert refused > 300
    area.load_state_dict(state)
    assert area.state_dict() == state


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), 1, "of format 2"),
        (("options", "skip_epochs"), 1, "skip_epochs=1"),
        (("options", "estimator"), None, "estimator=None"),
        (("options",), KeyError, "options is damaged"),
        (("ids", 0), 1, "incomplete"),
        (("ids", 0), "0", "all of one kind"),
        (("sums", "count", 0), 3, "(log|probs) is damaged"),
        (("sums", "count", 0), 0, "count is damaged"),
        (("sums", "easiness", 0), 3 * 2**42, "easiness is damaged"),
        (("sums", "label", 1), 2, "target is damaged"),
        (("log", "row", 0), 2, "log is damaged"),
        (("log", "row", 0), 3, "row is damaged"),
        (("log", "other", 0), 0, "other is damaged"),
        (("counters", 1), -1, "counters is damaged"),
    ],
)
def test_states_that_contradict_themselves_or_the_options_are_refused(rng, path, value, message):
    area = measured(rng)
    with pytest.raises(ValueError, match=f"state: .*{message}"):
        area.load_state_dict(damaged(area.state_dict(), path, value))


def test_records_of_a_state_that_keeps_none_are_refused(rng):
    kept, area = measured(rng), measured(rng, keep_records=False)
    state = area.state_dict() | {"log": kept.state_dict()["log"]}
    with pytest.raises(ValueError, match="log is damaged"):
        area.load_state_dict(state)
