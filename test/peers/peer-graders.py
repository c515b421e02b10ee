"""Grades pairs as another library does: `python peer-graders.py PEER`, one JSON object a line in and out.

A line in is {"answer": TEXT, "expected": TEXT}, the line out {"equal": BOOL, "ms": NUMBER}, with the time of the comparison
alone: what it imports and the two pairs of the warm-up are not in it. Each peer gets a pair in the form in which its own
harness would hand it over; docs/grading.md says which.
"""

import asyncio
import importlib.util
import json
import logging
import re
import sys
import time
from pathlib import Path


def math_verify():
    from math_verify import StringExtractionConfig, parse, verify

    letters = [StringExtractionConfig(strings=tuple("ABCDEFGHIJ"))]

    def grade(answer, expected):
        if re.fullmatch(r"[A-J]", expected.strip()):
            return bool(verify(parse(expected.strip(), letters), parse(answer, letters)))
        gold = expected if "\\boxed" in expected else f"${expected.strip().strip('$')}$"
        return bool(verify(parse(gold), parse(answer)))

    return grade


def inspect_math():
    from inspect_ai.model import ModelOutput
    from inspect_ai.scorer import Target, math
    from inspect_ai.solver import TaskState

    loop = asyncio.new_event_loop()
    score = math()

    def grade(answer, expected):
        state = TaskState(
            model="none/none", sample_id=1, epoch=1, input="", messages=[],
            output=ModelOutput.from_content("none/none", answer),
        )
        try:
            return loop.run_until_complete(score(state, Target(expected))).value == "C"
        except ValueError:
            # It refuses a reference that it cannot read, which ends the sample with an error and not as right.
            return False

    return grade


def minerva():
    # The file alone: the package around it imports torch and data sets.
    folder = Path(importlib.util.find_spec("lm_eval").submodule_search_locations[0])
    spec = importlib.util.spec_from_file_location("minerva", folder / "tasks" / "minerva_math" / "utils.py")
    utils = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(utils)

    def boxed(text):
        box = utils.last_boxed_only_string(text)
        try:
            return None if box is None else utils.remove_boxed(box)
        except AssertionError:
            return None

    def final_answer(text):
        """What the sentence of the few-shot examples would hold, had the model been shown them."""
        if "Final Answer: The final answer is" in text:
            return utils.get_unnormalized_answer(text)
        box = boxed(text)
        if box is not None:
            return box
        if "####" in text:
            return text.rsplit("####", 1)[1].strip()
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        last = re.sub(r"\*\*|\\[()]", "", lines[-1]) if lines else ""
        return re.sub(r"^.*\b(?:answer|result|value)\s*(?:is\b|:)", "", last, flags=re.I).strip().rstrip(".")

    def grade(answer, expected):
        box = boxed(expected)
        gold = utils.normalize_final_answer(expected if box is None else box)
        return bool(utils.is_equiv(utils.normalize_final_answer(final_answer(answer)), gold))

    return grade


def main():
    logging.disable(logging.CRITICAL)
    grade = {"math-verify": math_verify, "inspect": inspect_math, "minerva": minerva}[sys.argv[1]]()
    for expected in ("\\frac{1}{2}", "x+1"):
        grade(f"The answer is $\\boxed{{{expected}}}$.", expected)
    replies, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps({"ready": True}), file=replies, flush=True)
    for line in sys.stdin:
        pair = json.loads(line)
        start = time.perf_counter()
        equal = grade(pair["answer"], pair["expected"])
        ms = 1000 * (time.perf_counter() - start)
        print(json.dumps({"equal": equal, "ms": ms}), file=replies, flush=True)


main()
