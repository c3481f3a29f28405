"""Errors whose message is for the user, with their exit codes, and every error as a sentence."""

DONE, INTERNAL, USAGE, UNUSABLE, BUSY = 0, 1, 2, 4, 5

# What was expected, where, what to do. By name, because what was never imported was never raised,
# and importing everything takes seconds.
_TOLD = {
    "crawler.archive.ArchiveError": USAGE,
    "crawler.city_file.CityError": USAGE,
    "pipelines.align.UnknownPairError": USAGE,
    "pipelines.calibrate.CalibrationError": USAGE,
    "pipelines.catalogue.CatalogueError": USAGE,
    "pipelines.commands.UsageError": USAGE,
    "pipelines.demo.DemoError": USAGE,
    "pipelines.encoder.EncoderError": USAGE,
    "pipelines.evaluate.GoldError": USAGE,
    "pipelines.imports.ImportFileError": USAGE,
    "pipelines.lock.LockedError": BUSY,
    "pipelines.migration.MigrationError": USAGE,
    "pipelines.page.PageError": USAGE,
    "pipelines.page.PageNotHadError": UNUSABLE,
    "pipelines.release.snapshot.ReleaseError": USAGE,
    "pipelines.release.splits.SplitError": USAGE,
    "pipelines.release.withdrawal.WithdrawalError": USAGE,
    "pipelines.review.ReviewError": USAGE,
    "pipelines.review.sheets.ExchangeError": USAGE,
    "pipelines.sampling.PlanError": USAGE,
    "pipelines.sentences.AlignError": USAGE,
    "pipelines.store.StoreError": INTERNAL,
    "pipelines.verdicts.VerdictError": USAGE,
}


def exit_code(error: BaseException) -> int | None:
    """Return the exit code of an error whose message is for the user; None for a mistake."""
    for kind in type(error).__mro__:
        code = _TOLD.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return code
    return None


def sentence(error: BaseException) -> str:
    """Return what an error says to the user."""
    if exit_code(error) is not None:
        return str(error)
    return f"internal error: {type(error).__name__}: {error}"
