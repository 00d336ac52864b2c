"""`easiness report`: one self-contained HTML page about the scores."""

import argparse

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import open_output, require, resolve_output, tell

SUMMARY = "write one self-contained HTML page about the scores"
NOTES = options.INPUT_NOTES
EXAMPLES = (
    "easiness report predictions.parquet -o report.html",
    "easiness report probs.npy labels.npy -o report.html --images images.npy",
    "easiness report predictions.parquet -o report.html --group-by camera",
)
MOST_BINS = 100
OPTIONS = {
    "": [
        *options.INPUTS,
        option("-o", "--output", metavar="REPORT", required=True,
               help="HTML file to write, or '-' for standard output"),
        option("--top", type=options.whole(0), default=50, metavar="N",
               help="number of hardest samples to list (default: %(default)s)"),
        options.GROUP_BY,
        options.IMAGES,
        options.TEXT,
        option("--title", default="Sample easiness", rare=True,
               help="heading (default: %(default)s)"),
    ],
    "reading": options.READING,
    "estimator": options.ESTIMATOR,
    "running": [options.THREADS, options.PROGRESS, *options.RUNNING],
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Read, score and write the page."""
    from easiness_io.errors import located
    from easiness_io.parameters import Parameters
    from easiness_io.shards.discover import is_many

    from easiness_cli.inputs import options_from, read_all, source_of, warn_below_chance
    from easiness_cli.pages.thumbnails import open_images
    from easiness_cli.progress import Progress

    resolve_output(args, (args.path, args.labels_path))
    if args.bins > MOST_BINS:
        raise UsageError(f"--bins {args.bins}: a report draws at most {MOST_BINS} bins; pass fewer")
    if args.images and is_many(args.path):
        raise UsageError("--images requires a single input file")
    parameters = Parameters(**options_from(args))
    require("matplotlib", "jinja2", *(["PIL"] if args.images else []))
    data = read_all(args, parameters)
    picture = open_images(args, len(data.labels))

    # Imported here, because Matplotlib takes a second and the input may be bad.
    from easiness_cli.pages.report import Report, report_page

    with located(args.path), Progress(args) as progress:
        report = Report(
            data, parameters, title=args.title, source=source_of(args), top=args.top,
            text=args.text, group_by=args.group_by, picture=picture, n_threads=args.threads,
            tell=progress.stage,
        )  # fmt: skip
        warn_below_chance(report.summary, data.probs.shape[1])
        progress.stage("drawing")
        page = report_page(report)
    with open_output(args) as file:
        file.write(page.encode("utf-8"))
    if not args.quiet:
        wrote = "" if args.output == "-" else f"\nWrote {args.output}"
        tell(args, report.headline.replace("\u00a0", " ") + wrote)
    return 0
