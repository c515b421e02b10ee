"""Prints what other packages make of a run's folder, as JSON: the columns and values of both tables as the datasets package loads them
by the card, the card's title, and the key-value metadata of both files as pyarrow reads it."""

import json
import sys

import pyarrow.parquet
from datasets import disable_progress_bars, load_dataset
from huggingface_hub import DatasetCard

folder, cache = sys.argv[1:]
disable_progress_bars()
tables = {}
for name in ("summary", "traces"):
    loaded = load_dataset(folder, name, split="train", cache_dir=cache)
    metadata = pyarrow.parquet.read_metadata(f"{folder}/{name}.parquet").metadata
    tables[name] = {
        "types": [[field.name, str(field.type)] for field in loaded.features.arrow_schema],
        "rows": loaded.to_list(),
        "described": json.loads(metadata[b"entrace.columns"]),
    }
by_default = load_dataset(folder, split="train", cache_dir=cache).column_names
title = DatasetCard.load(f"{folder}/README.md").data.pretty_name
json.dump({"tables": tables, "byDefault": by_default, "title": title}, sys.stdout)
