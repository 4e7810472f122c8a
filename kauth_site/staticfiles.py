"""Static files with names that change with their content, so that browsers may keep them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports between ES modules too, so that a page never mixes two versions."""

    support_js_module_import_aggregation = True
