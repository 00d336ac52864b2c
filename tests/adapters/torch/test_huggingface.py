"""Hugging Face's Trainer over a tiny model made from its configuration."""

from functools import partial

import pytest
import torch
from torch.utils.data import Dataset, IterableDataset

import easiness_core as ec

transformers = pytest.importorskip("transformers")

from easiness_torch.huggingface import EasinessTrainerMixin  # noqa: E402
from transformers import BertConfig, BertForSequenceClassification, Trainer  # noqa: E402

N, CLASSES = 480, 3


class Classifier(EasinessTrainerMixin, Trainer):
    """Keeps the batches that it trained on."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = []
        self.rates = []

    def compute_loss(self, model, inputs, *args, **kwargs):
        if "sample_index" in inputs:
            self.seen.append((inputs["sample_index"].tolist(), inputs["sample_weight"].tolist()))
        return super().compute_loss(model, inputs, *args, **kwargs)


class Tokens(Dataset):
    """Sentences of which the first word says the class, in most of them; with unused columns."""

    def __init__(self, n_samples=N, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.labels = torch.randint(0, CLASSES, (n_samples,), generator=generator)
        self.words = torch.randint(10, 30, (n_samples, 6), generator=generator)
        clear = torch.rand(n_samples, generator=generator) < 0.9
        self.words[clear, 0] = self.labels[clear] + 3

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return {
            "input_ids": self.words[index], "labels": int(self.labels[index]), "id": f"s{index}",
        }  # fmt: skip


class Endless(IterableDataset):
    def __iter__(self):
        yield 1


def model(seed=0):
    torch.manual_seed(seed)
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=8, num_labels=CLASSES,
        )
    )  # fmt: skip


def trainer_of(folder, *, data=None, sampler_options=None, kind=Classifier, **arguments):
    given = {
        "output_dir": str(folder), "per_device_train_batch_size": 16, "num_train_epochs": 8,
        "learning_rate": 5e-3, "report_to": [], "save_strategy": "no", "use_cpu": True,
        "logging_strategy": "no", "disable_tqdm": True, "dataloader_pin_memory": False,
    }  # fmt: skip
    args = transformers.TrainingArguments(**given | arguments)
    options = {} if sampler_options is None else {"sampler_options": sampler_options}
    return kind(
        model(), args, train_dataset=data or Tokens(), eval_dataset=Tokens(200, seed=1), **options
    )


def test_a_run_learns_and_its_schedule_ends(tmp_path):
    trainer = trainer_of(tmp_path, lr_scheduler_type="linear", warmup_steps=5)
    output = trainer.train()
    # 1 + 2 full epochs of 30 steps and 5 of 11 by the budget: 145, and in eighths 152.
    assert output.global_step == len(trainer.seen) == 152
    assert set(trainer.lr_scheduler.get_last_lr()) == {0.0}
    assert trainer.state.epoch == 8
    logits = trainer.predict(trainer.eval_dataset).predictions
    assert (logits.argmax(1) == trainer.eval_dataset.labels.numpy()).mean() > 0.8
    history = trainer.sampler.history
    assert [record["selective"] for record in history] == [False, *[True] * 5, False, False]
    assert sum(len(indices) for indices, _ in trainer.seen) == 152 * 16
    drawn = [sample for batch in trainer.seen for sample in zip(*batch, strict=True)]
    for record in history:
        epoch, drawn = drawn[: record["n_selected"]], drawn[record["n_selected"] :]
        assert len({index for index, _ in epoch}) == len(epoch)
        # Weights of the epoch that an index was drawn for, in its last batch too.
        assert any(weight != 1.0 for _, weight in epoch) == record["selective"]
        assert min(weight for _, weight in epoch) >= 1.0


def test_max_steps_is_the_number_of_steps(tmp_path):
    max_steps = 51
    trainer = trainer_of(
        tmp_path, max_steps=max_steps, num_train_epochs=4,
        sampler_options={"keep": {ec.MHO: 1.0, ec.EO: 0.3}, "warmup_epochs": 1},
    )  # fmt: skip
    assert trainer.train().global_step == max_steps
    assert set(trainer.lr_scheduler.get_last_lr()) == {0.0}
    unknown = trainer_of(tmp_path, sampler_options={"keep": ec.MO})
    with pytest.raises(ValueError, match="max_steps: expected the number of steps, since how many"):
        unknown.train()


@pytest.mark.filterwarnings("ignore:.*selects nothing in all 1 epochs")
def test_accumulated_gradients_are_those_of_one_batch(tmp_path):
    weights = []
    for batch, accumulate in ((16, 1), (4, 4)):
        trainer = trainer_of(
            tmp_path, per_device_train_batch_size=batch, gradient_accumulation_steps=accumulate,
            max_steps=30, num_train_epochs=1, optim="sgd", max_grad_norm=0.0,
            sampler_options={"keep": {ec.MHO: 1.0, ec.EO: 0.5}, "warmup_epochs": 1},
        )  # fmt: skip
        for module in trainer.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        assert trainer.train().global_step == 30
        assert len(trainer.seen) == 30 * accumulate
        weights.append(trainer.model.classifier.weight.detach().clone())
    torch.testing.assert_close(*weights, rtol=1e-4, atol=1e-6)
    assert not torch.equal(weights[0], model().classifier.weight)


def test_evaluation_is_the_trainers_own(tmp_path):
    trainer = trainer_of(tmp_path, eval_strategy="epoch", max_steps=80, num_train_epochs=4)
    trainer.train()
    plain = trainer_of(tmp_path, kind=Trainer)
    plain.model.load_state_dict(trainer.model.state_dict())
    losses = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert len(losses) == 4
    assert losses[-1] == pytest.approx(plain.evaluate()["eval_loss"], rel=1e-5)


@pytest.mark.parametrize("save_at", [17, 30])
def test_a_resumed_run_selects_and_ends_as_one_that_did_not_stop(tmp_path, save_at):
    whole = trainer_of(tmp_path, save_strategy="steps", save_steps=save_at)
    whole.train()
    resumed = trainer_of(tmp_path)
    resumed.train(resume_from_checkpoint=f"{tmp_path}/checkpoint-{save_at}")
    assert resumed.seen == whole.seen[save_at:]
    for one, other in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert resumed.sampler.history == whole.sampler.history
    # The newest is the last: nothing is left to do.
    assert trainer_of(tmp_path).train(resume_from_checkpoint=True).global_step == 152


@pytest.mark.parametrize("save_at", [16, 33])
def test_workers_that_are_epochs_ahead_lose_none_at_a_resume(tmp_path, save_at):
    options = {"keep": "fewer_easy", "min_samples": 16, "budget": 0.1, "floor": 0.05}

    def trainer(**arguments):
        return trainer_of(
            tmp_path, data=Tokens(160), sampler_options=options, dataloader_num_workers=2,
            dataloader_prefetch_factor=4, **arguments,
        )  # fmt: skip

    whole = trainer(save_strategy="steps", save_steps=save_at)
    whole.train()
    sizes = [record["n_selected"] for record in whole.sampler.history]
    assert sorted(sizes)[4] <= 3 * 16
    resumed = trainer()
    resumed.train(resume_from_checkpoint=f"{tmp_path}/checkpoint-{save_at}")
    assert resumed.seen == whole.seen[save_at:]
    # Nothing stays in memory of what is trained.
    assert whole._run.epochs == {} or min(whole._run.epochs) == whole._run.first


def test_a_batch_size_that_was_cut_for_memory_is_the_samplers(tmp_path):
    class Small(Classifier):
        def compute_loss(self, model, inputs, *args, **kwargs):
            if len(inputs["labels"]) > 8:
                raise RuntimeError("CUDA out of memory.")
            return super().compute_loss(model, inputs, *args, **kwargs)

    trainer = trainer_of(tmp_path, kind=Small, auto_find_batch_size=True, num_train_epochs=4)
    steps = trainer.train().global_step
    assert steps == len(trainer.seen)
    assert sum(record["n_selected"] for record in trainer.sampler.history) == sum(
        len(batch) for batch, _ in trainer.seen
    )
    seen = [batch for batch, _ in trainer.seen]
    assert {len(batch) for batch in seen} == {trainer._train_batch_size}
    assert trainer.sampler.options.batch_size == trainer._train_batch_size <= 8


def test_data_sets_of_the_library_and_worker_processes(tmp_path):
    datasets = pytest.importorskip("datasets")
    tokens = Tokens()
    data = datasets.Dataset.from_dict(
        {"input_ids": tokens.words.tolist(), "labels": tokens.labels.tolist(),
         "text": [f"s{k}" for k in range(N)]}
    )  # fmt: skip
    found = []
    for source, workers in ((tokens, 0), (data, 0), (data, 2)):
        trainer = trainer_of(
            tmp_path, data=source, max_steps=80, num_train_epochs=4, dataloader_num_workers=workers
        )
        trainer.train()
        found.append(trainer.seen)
    assert found[0] == found[1]
    # Workers fetch ahead, and so draw an epoch before the last scores of the one before.
    assert found[2][:30] == found[1][:30]
    assert len(found[2]) == 80


def test_mistakes_say_what_to_do(tmp_path):
    args = transformers.TrainingArguments(str(tmp_path), use_cpu=True, report_to=[])
    with pytest.raises(ValueError, match=r"compute_loss_func: .*override sample_losses\(logits"):
        Classifier(model(), args, train_dataset=Tokens(), compute_loss_func=lambda *_: 0)
    plain = trainer_of(tmp_path, kind=Trainer, max_steps=2, save_strategy="steps", save_steps=2)
    plain.train()
    with pytest.raises(ValueError, match="saved by a trainer with easiness sampling with the same"):
        trainer_of(tmp_path).train(resume_from_checkpoint=True)
    steps = {"max_steps": 80, "num_train_epochs": 4}
    trainer_of(tmp_path / "16", save_strategy="steps", save_steps=80, **steps).train()
    other = trainer_of(tmp_path / "16", per_device_train_batch_size=14, **steps)
    with pytest.raises(ValueError, match="sampler with batch_size=16, this one has batch_size=14"):
        other.train(True)
    for wrong, message in (
        ({"data": Endless(), "max_steps": 5}, "train_dataset: expected a data set with a length"),
        ({"max_steps": 500, "num_train_epochs": 3}, r"can take 61 to 90 steps, got 500; set"),
        ({"num_train_epochs": 2.5}, "num_train_epochs: expected a whole number, 1 or more"),
    ):
        with pytest.raises(ValueError, match=message):
            trainer_of(tmp_path, **wrong).train()


def pairs():
    tokens = Tokens()
    return [(tokens.words[k], int(tokens.labels[k])) for k in range(N)]


def test_labels_are_found_under_the_key_of_the_arguments_and_in_batches_of_any_collator(tmp_path):
    steps = {"max_steps": 80, "num_train_epochs": 4, "remove_unused_columns": False}

    def collated(rows, key):
        words, labels = zip(*rows, strict=True)
        return {"input_ids": torch.stack(words), key: torch.tensor(labels)}

    found = []
    for key, names in (("labels", None), ("target", ["target"])):
        trainer = trainer_of(tmp_path, data=pairs(), label_names=names, **steps)
        trainer.data_collator = partial(collated, key=key)
        trainer.train()
        found.append((trainer.seen, trainer.sampler.history))
    assert found[0] == found[1]
    # Without names the Trainer lists every argument of the model that has "label" in its name.
    trainer = trainer_of(tmp_path, data=pairs(), **steps)
    trainer.label_names = ["attention_mask", "labels"]
    trainer.data_collator = lambda rows: {
        **collated(rows, "labels"), "attention_mask": torch.ones(len(rows), 6, dtype=torch.int64)
    }  # fmt: skip
    trainer.train()
    assert (trainer.seen, trainer.sampler.history) == found[0]
    trainer = trainer_of(tmp_path, data=pairs(), **steps)
    trainer.data_collator = partial(collated, key="target")
    with pytest.raises(ValueError, match=r"'labels', got input_ids, target; pass .*label_names"):
        trainer.train()


@pytest.mark.parametrize(
    ("collator", "words"),
    [(None, r"train_dataset: expected .*mappings, .* got tuple, and the collator raised: vars"),
     (torch.utils.data.default_collate, "data_collator: .* return a mapping, got list")],
    ids=["tuples", "a list"],
)  # fmt: skip
def test_samples_that_no_collator_makes_mappings_of_are_refused(tmp_path, collator, words):
    trainer = trainer_of(
        tmp_path, data=pairs(), max_steps=80, num_train_epochs=4, remove_unused_columns=False
    )
    trainer.data_collator = collator or trainer.data_collator
    with pytest.raises(TypeError, match=words):
        trainer.train()


def test_a_second_loader_cannot_replace_the_sampler_of_a_run(tmp_path):
    class Curious(Classifier):
        stops_at = None

        def compute_loss(self, model, inputs, *args, **kwargs):
            if len(self.seen) == self.stops_at:
                raise KeyboardInterrupt
            if len(self.seen) == 40:
                with pytest.raises(RuntimeError, match="would replace the sampler of this run"):
                    self.get_train_dataloader()
            return super().compute_loss(model, inputs, *args, **kwargs)

    trainer = trainer_of(tmp_path, kind=Curious, max_steps=80, num_train_epochs=4)
    n_batches = 20  # of each of the 4 equal parts
    assert len(trainer.get_train_dataloader()) == n_batches
    assert trainer.train().global_step == 80
    assert len(trainer.sampler.history) == 4
    assert len(trainer.get_train_dataloader()) == n_batches
    trainer.stops_at = len(trainer.seen) + 5
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    assert len(trainer.get_train_dataloader()) == n_batches


def test_samples_are_padded_by_the_collator_and_labels_found(tmp_path):
    from tokenizers import Tokenizer, models

    words = {"[PAD]": 0, "[UNK]": 1} | {f"w{k}": k for k in range(2, 30)}
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="[UNK]")), pad_token="[PAD]"
    )
    tokens = Tokens()
    samples = [
        {"input_ids": tokens.words[k, : 2 + k % 4].tolist(), "label": int(tokens.labels[k]), "n": k}
        for k in range(N)
    ]
    shapes = set()

    class Shapes(Classifier):
        def compute_loss(self, model, inputs, *args, **kwargs):
            shapes.add(tuple(inputs["input_ids"].shape))
            assert set(inputs) == {
                "input_ids", "attention_mask", "labels", "sample_index", "sample_weight",
            }  # fmt: skip
            rows = tokens.labels[inputs["sample_index"]]
            assert torch.equal(inputs["labels"], rows)
            return super().compute_loss(model, inputs, *args, **kwargs)

    trainer = trainer_of(tmp_path, data=samples, kind=Shapes, max_steps=80, num_train_epochs=4)
    trainer.data_collator = transformers.DataCollatorWithPadding(tokenizer)
    trainer.train()
    assert {shape[0] for shape in shapes} == {16}
    assert len(trainer.seen) == 80
