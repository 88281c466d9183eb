"""Files that are no sound projects: damaged by chance, or made to hurt."""

from __future__ import annotations

import io
import json
import random
import sqlite3
import struct
import zipfile
import zlib

PAGE = 4096
BOMB = zlib.compress(bytes(64 << 20), 9)
"""64 MB in 64 kB."""
HEADER = struct.Struct("<BHHHHHH")


def truncated(data, rng):
    return data[: rng.randrange(len(data))]


def flipped(data, rng):
    out = bytearray(data)
    for _ in range(rng.choice((1, 10, 1000))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def flipped_head(data, rng):
    out = bytearray(data)
    for _ in range(3):
        out[rng.randrange(100)] ^= 1 << rng.randrange(8)
    return bytes(out)


def swapped_pages(data, rng):
    pages = [data[i : i + PAGE] for i in range(0, len(data), PAGE)]
    for _ in range(3):
        a, b = rng.randrange(1, len(pages)), rng.randrange(1, len(pages))
        pages[a], pages[b] = pages[b], pages[a]
    return b"".join(pages)


def zeroed_page(data, rng):
    at = rng.randrange(len(data) // PAGE) * PAGE
    fill = rng.choice((bytes(PAGE), rng.randbytes(PAGE), b"\xff" * PAGE))
    return data[:at] + fill + data[at + PAGE :]


def random_bytes(_data, rng):
    return rng.randbytes(rng.randrange(20_000))


def nothing(_data, _rng):
    return b""


def only_head(data, rng):
    return data[:100] + rng.randbytes(5000)


def zip_bomb(_data, _rng):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("project.json", bytes(32 << 20))
    return out.getvalue()


def json_bomb(_data, rng):
    return rng.choice((b"[" * 100_000, b'{"a":' * 100_000, json.dumps({"v": 1}).encode()))


def statements(*choices):
    """Make a damage out of SQL that a stranger could have run on the file."""

    def damage(data, rng):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(data)
        connection.execute("PRAGMA writable_schema = ON")
        for sql, *values in rng.choice(choices):
            connection.execute(sql, values)
        out = connection.serialize()
        connection.close()
        return bytes(out)

    return damage


def table(name, columns, values):
    marks = ", ".join("?" * len(values))
    return (f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({marks})", *values)


LABEL = "frame_index, label_map"
OBJECT = "object_id, name, color, visible, locked, position, category"
INDEX = "video_id, base, timed, breaks_off, pts, entries"
PROMPT = "prompt_id, frame_index, object_id, kind, points"
CHANGE = "entry_id, table_name, key_1, key_2, existed, fields, data"
TUNED = "tuned_id, base, digest, made, weights"
SIZE = (54, 96)

wrong_values = statements(
    [table("objects", OBJECT, (255, "x", "#000000", 1, 0, 0, ""))],
    [table("objects", OBJECT, (-3, "x", "#000000", 1, 0, 0, ""))],
    [table("objects", OBJECT, (1, "x" * 100_000, "#000000", 1, 0, 0, ""))],
    [table("objects", OBJECT, (1, "a\0b", "red; drop", 1, 0, 0, ""))],
    [table("objects", OBJECT, (1, b"\xff\xfe", 5, "yes", 2.5, "first", 7))],
    [table("objects", OBJECT, (1, "x", "#000000", 1, 0, 0, "y" * 100_000))],
    [("UPDATE objects SET name = CAST(x'ff80fe' AS TEXT)",)],
    [("UPDATE assertions SET area = -1",)],
    [("UPDATE assertions SET area = 9223372036854775807, reference = 'x'",)],
    [("UPDATE OR IGNORE assertions SET frame_index = frame_index + 1000000",)],
    [("UPDATE OR IGNORE assertions SET object_id = 'a bear'",)],
    [table("prompts", PROMPT, (1, 3, 1, "box", "[[NaN, 1, 1], [2, Infinity, 1]]"))],
    [table("prompts", PROMPT, (1, 3, 1, "box", "[" * 50_000))],
    [table("prompts", PROMPT, (1, 3, 1, "points", json.dumps([[1e300, 2, 1]])))],
    [table("prompts", PROMPT, (1, 3, 1, "points", "[[" + "9" * 6000 + ", 2, 1]]"))],
    [table("prompts", PROMPT, (1, 3, 999, "spell", "{}"))],
    [("UPDATE tuned SET weights = zeroblob(90000000)",)],
    [("UPDATE tuned SET weights = 'text', digest = x'ff00'",)],
    [table("tuned", TUNED, (1, "x" * 100_000, "ab", "[" * 50_000, b"z"))],
    [table("tuned", TUNED, (7, "x", "ab", "{}", b"z"))],
    [("UPDATE tuned SET made = replace(made, '0.5', '1e999')",)],
    [("UPDATE project SET value = 'many'",)],
    [("UPDATE project SET value = '1e999'",)],
    [("UPDATE settings SET value = '[[['",), table("settings", "key, value", ("view", "["))],
    [("UPDATE history SET created = 'noon', size = -5, undone = 7",)],
)
wrong_video = statements(
    [("UPDATE video SET width = 65535, height = 65535",)],
    [("UPDATE video SET width = 40000, height = 40000",)],
    [("UPDATE video SET width = 0",)],
    [("UPDATE video SET frame_count = 9223372036854775807",)],
    [("UPDATE video SET frame_count = 10000000",)],
    [("UPDATE video SET fps = '1/0'",)],
    [("UPDATE video SET fps = '1e99999999'",)],
    [("UPDATE video SET stems = '[\"../../etc/passwd\"]'",)],
    [("UPDATE video SET path = '../../../etc/passwd', relative_path = '../../../../etc/shadow'",)],
    [("UPDATE video SET path = x'00ff'",)],
    [("DELETE FROM video",)],
    [("UPDATE video SET height = 55",)],
    [table("frame_index", INDEX, (1, "1e99999999", 1, 0, BOMB, BOMB))],
    [table("frame_index", INDEX, (1, "1/25", "x", -1, "text", 5))],
)
bombs = statements(
    [table("keyframes", LABEL, (3, HEADER.pack(1, *SIZE, 0, 0, *SIZE) + BOMB))],
    [table("results", LABEL, (3, HEADER.pack(2, *SIZE, 0, 0, *SIZE) + BOMB))],
    [table("results", LABEL, (3, HEADER.pack(2, *SIZE, 50, 90, *SIZE) + BOMB))],
    [table("results", LABEL, (3, bytes(20 << 20)))],
    [table("results", LABEL, (3, "text in place of a map"))],
    [table("results", LABEL, (3, HEADER.pack(9, *SIZE, 0, 0, *SIZE)))],
    [table("results", LABEL, (3, HEADER.pack(2, 1, 1, 0, 0, 1, 1)))],
    [
        table(
            "results",
            LABEL,
            (3, HEADER.pack(2, *SIZE, 0, 0, *SIZE) + zlib.compress(b"\xff\xff\xff\xff\x01" * 99)),
        )
    ],
    [("UPDATE lanes SET data = ?", BOMB)],
    [("UPDATE lanes SET data = ?", zlib.compress(b"\x09" * 2048))],
    [("UPDATE OR IGNORE lanes SET piece = piece + 1000000000",)],
    [("UPDATE changes SET data = ?", BOMB)],
)
wrong_schema = statements(
    [("CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM keyframes; END",)],
    [("CREATE VIEW v AS SELECT * FROM objects",)],
    [
        ("ALTER TABLE keyframes RENAME TO k2",),
        (
            "CREATE VIEW keyframes AS WITH RECURSIVE n(frame_index, label_map) AS"
            " (SELECT 1, zeroblob(9) UNION ALL SELECT frame_index + 1, zeroblob(9) FROM n)"
            " SELECT * FROM n",
        ),
    ],
    [
        ("DROP TABLE objects",),
        (
            "CREATE TABLE objects (object_id INTEGER PRIMARY KEY, name TEXT, color TEXT, visible"
            " INTEGER, locked INTEGER, position AS (length(zeroblob(100000000))))",
        ),
    ],
    [("DROP TABLE lanes",)],
    [("DROP INDEX prompts_by_frame",)],
    [("ALTER TABLE objects ADD COLUMN extra TEXT",)],
    [("CREATE VIRTUAL TABLE words USING fts5(text)",)],
    [("UPDATE sqlite_master SET rootpage = 2 WHERE type = 'table'",)],
    [("UPDATE sqlite_master SET sql = 'CREATE TABLE nonsense'",)],
    [("PRAGMA application_id = 7",)],
    [("PRAGMA user_version = 99",)],
    [("PRAGMA user_version = 1",)],
    [("PRAGMA user_version = 1",), ("DROP TABLE frame_index",)],
    [("PRAGMA user_version = 2",)],
    [("PRAGMA user_version = 2",), ("DROP TABLE tuned",)],
    [("DROP TABLE tuned",), ("CREATE VIEW tuned AS SELECT 1 AS tuned_id",)],
    [("PRAGMA user_version = 0",)],
    [("PRAGMA user_version = -4",)],
)
wrong_history = statements(
    [("UPDATE OR IGNORE changes SET table_name = 'sqlite_master'",)],
    [("UPDATE OR IGNORE changes SET table_name = 'objects; DROP TABLE objects'",)],
    [("UPDATE changes SET fields = '[1, {\"a\": 2}, null]'",)],
    [("UPDATE changes SET fields = '{}', existed = 1",)],
    [("UPDATE changes SET data = 'text', existed = 1",)],
    [("UPDATE changes SET existed = 1, fields = '[]', data = NULL",)],
    [("DELETE FROM changes",)],
    [("UPDATE OR IGNORE changes SET key_1 = -9, key_2 = 'x'",)],
)

DAMAGES = (
    truncated,
    flipped,
    flipped_head,
    swapped_pages,
    zeroed_page,
    wrong_values,
    wrong_video,
    bombs,
    wrong_schema,
    wrong_history,
    random_bytes,
    nothing,
    only_head,
    zip_bomb,
    json_bomb,
)
COMMON = 10
"""The first of them come again and again, by turns; the others now and then."""


def hostile_file(sound, number):
    """Return a hostile file; the same number always gives the same one."""
    rng = random.Random(number)
    rare = number % 12 == 11
    kinds = DAMAGES[COMMON:] if rare else DAMAGES[:COMMON]
    return kinds[(number // 12 if rare else number) % len(kinds)](sound, rng)
