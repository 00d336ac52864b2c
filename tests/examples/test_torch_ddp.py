"""The DDP recipe resumes from its checkpoint."""

from recipes import run_on_two


def test_it_resumes_in_mid_epoch(tmp_path):
    call = f"main(device, {str(tmp_path)!r})"
    undisturbed, resumed = run_on_two(
        "torch_ddp", call, tmp_path, times=2, setup="device = recipe.start()"
    )
    for rank in (0, 1):
        seen = undisturbed[rank]["seen"]
        at = 3 + next(k for k, (epoch, _) in enumerate(seen) if epoch == 3)
        assert resumed[rank]["seen"] == seen[at:]
        assert resumed[rank]["history"] == undisturbed[rank]["history"]
        assert len(seen) - at > 3
