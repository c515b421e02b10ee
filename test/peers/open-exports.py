"""Opens exports of runs with the tools that they are for and prints what these make of them, as JSON.

Arguments: a folder of runs, each with its exports where `entrace export` puts them, and one that is not there for what the tools write.
"""

import json
import subprocess
import sys
from pathlib import Path

from inspect_ai.analysis import evals_df, events_df, messages_df, samples_df
from inspect_ai.log import read_eval_log, recompute_metrics
from lm_eval.api.metrics import mean, mean_stderr
from lm_eval.utils import get_results_filenames, get_sample_results_filenames, make_table
from openai.types.chat import ChatCompletion
from pydantic import BaseModel


def inspect(*arguments):
    done = subprocess.run([sys.executable, "-m", "inspect_ai", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"inspect {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
    return done.stdout


def metrics_of(log):
    return {score.name: {name: metric.value for name, metric in score.metrics.items()} for score in log.results.scores}


def rows_of(frame, *columns):
    return json.loads(frame[list(columns)].to_json(orient="records", double_precision=15))


def open_log(path, scored):
    log = read_eval_log(str(path))
    recorded = metrics_of(log)
    recompute_metrics(log)
    inspect("score", path, "--scorer", "includes", "--action", "append", "--output-file", scored)
    evals, samples = evals_df(str(path), quiet=True), samples_df(str(path), quiet=True)
    messages, events = messages_df(str(path), quiet=True), events_df(str(path), quiet=True)
    return {
        "status": log.status,
        "started_at": log.stats.started_at,
        "completed_at": log.stats.completed_at,
        "stop_seqs": log.eval.model_generate_config.stop_seqs,
        "recorded": recorded,
        "recomputed": metrics_of(log),
        "scored": metrics_of(read_eval_log(str(scored))),
        "evals": rows_of(evals, "status", "score_entrace_accuracy", "score_entrace_stderr"),
        "samples": rows_of(samples, "id", "epoch", "error", "score_entrace"),
        "messages": rows_of(messages, "role", "content"),
        "events": rows_of(events, "event"),
    }


def open_lm_eval(folder):
    files = [str(path) for path in folder.glob("*/*")]
    [results_file], [samples_file] = get_results_filenames(files), get_sample_results_filenames(files)
    results = json.loads(Path(results_file).read_text())
    lines = [json.loads(line) for line in Path(samples_file).read_text().splitlines()]
    values = {}
    for line in lines:
        for metric in line["metrics"]:
            values.setdefault((metric, line["filter"]), []).append(line[metric])
    computed = {}
    for (metric, name), items in values.items():
        computed[f"{metric},{name}"] = mean(items)
        computed[f"{metric}_stderr,{name}"] = mean_stderr(items) if len(items) > 1 else "N/A"
    [recorded] = results["results"].values()
    return {"table": make_table(results), "recorded": recorded, "computed": computed}


def unknown_fields(value):
    """Names of fields that a model of openai-python does not have, which it would take without a word."""
    if isinstance(value, BaseModel):
        inner = [unknown_fields(getattr(value, name)) for name in value.model_fields_set]
        return sorted(value.model_extra or {}) + sum(inner, [])
    return sum(map(unknown_fields, value), []) if isinstance(value, list) else []


def open_openai(path):
    completions = [ChatCompletion.model_validate_json(line, strict=True) for line in path.read_text().splitlines()]
    return {
        "correct": [completion.metadata["correct"] for completion in completions],
        "tokens": [len(completion.choices[0].logprobs.content) for completion in completions],
        "unknown": sum(map(unknown_fields, completions), []),
    }


def main(runs, made):
    inspect("view", "bundle", "--log-dir", runs, "--output-dir", made / "bundle")
    return {
        "listed": json.loads(inspect("log", "list", "--log-dir", runs, "--json")),
        "bundled": json.loads((made / "bundle" / "logs" / "listing.json").read_text()),
        "runs": {
            run.name: {
                "inspect": open_log(next(run.glob("*.eval")), made / f"{run.name}.eval"),
                "lm-eval": open_lm_eval(run / "lm-eval"),
                "openai": open_openai(run / "openai.jsonl"),
            }
            for run in sorted(runs.iterdir())
        },
    }


print(json.dumps(main(*map(Path, sys.argv[1:]))))
