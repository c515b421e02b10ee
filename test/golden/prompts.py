"""Makes prompts.json: how Transformers reads tokenizer folders, renders chat templates and encodes both.

    pip install transformers==5.24.0 jinja2 tokenizers
    python3 test/golden/prompts.py

The folders are those of prompts-folders.ts in this folder, which Node (22.18 or newer) writes for it.
"""

import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import jinja2
import tokenizers
import transformers
import transformers.utils.chat_template_utils

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 3, 7, 4, 5, 6)


class FixedDate(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


transformers.utils.chat_template_utils.datetime = FixedDate

WRITE = """
import { promptFolders, writePromptFolder } from './test/golden/prompts-folders.ts'
const [, target] = process.argv
for (const [name, folder] of Object.entries(promptFolders)) writePromptFolder(`${target}/${name}`, folder)
console.log(JSON.stringify(Object.fromEntries(Object.entries(promptFolders).map(([name, { files, ...asked }]) => [name, asked]))))
"""


def ask(tokenizer, chat, given):
    """A conversation rendered, and its ids with control tokens in messages as text."""
    arguments = {"add_generation_prompt": True, **given}
    try:
        rendered = tokenizer.apply_chat_template(chat, tokenize=False, **arguments)
    except jinja2.exceptions.TemplateError as error:
        return {"error": str(error)}
    template = tokenizer.get_chat_template()
    [marked], *_ = tokenizer._mark_chat_inputs(template, [chat], None, None, given, True, False)
    traced = tokenizer.apply_chat_template(marked, tokenize=False, **arguments)
    if rendered == traced.translate({0xF0000: None, 0xF0001: None}):
        ids = tokenizer.apply_chat_template(chat, sanitize_control_tokens=True, **arguments)["input_ids"]
    else:
        # The template cut what was marked: it renders something else. What it left holds nothing that was.
        assert chr(0xF0000) not in traced
        ids = tokenizer.apply_chat_template(chat, **arguments)["input_ids"]
    return {"rendered": rendered, "ids": ids}


def read(path, asked):
    if not asked.get("withoutConfig"):
        shutil.copy(HERE.parent.parent / "models/arith-qwen2/config.json", path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    added = tokenizer.added_tokens_decoder
    return {
        "class": type(tokenizer).__name__,
        "addedTokens": {token.content: [id, token.special] for id, token in added.items()},
        "chats": [ask(tokenizer, chat, asked.get("templateArguments", {})) for chat in asked["chats"]],
        "texts": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in asked["texts"]],
        "raw": [tokenizer(text)["input_ids"] for text in asked["texts"]],
    }


with tempfile.TemporaryDirectory() as target:
    command = ["node", "--input-type=module", "--eval", WRITE, target]
    folders = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=HERE.parent.parent).stdout)
    result = {
        "madeBy": "test/golden/prompts.py",
        "versions": {module.__name__: module.__version__ for module in (transformers, tokenizers, jinja2)},
        "now": NOW.isoformat(),
        "folders": {name: read(pathlib.Path(target) / name, asked) for name, asked in folders.items()},
    }
(HERE / "prompts.json").write_text(json.dumps(result, ensure_ascii=False) + "\n")
