#!/usr/bin/python3
# h5py_reads.py FILE.h5 - a result file as Python sees it, through h5py and pandas; prints TAP.
# SPDX-License-Identifier: MIT
import sys

import h5py
import numpy as np
import pandas as pd

failed = 0
number = 0


def check(what, ok):
    global failed, number
    number += 1
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} {number} - {what}")


def frame(dataset):
    data = pd.DataFrame({name: dataset[name] for name in dataset.dtype.names})
    for name in data.columns:
        if data[name].dtype == object:
            data[name] = data[name].str.decode("utf-8")
    return data


with h5py.File(sys.argv[1], "r") as file:
    check("format", file.attrs["format"].decode() == "shocksim-results")
    check("version", file.attrs["version"] == 1)
    for name in ("program", "revision", "name", "checksum"):
        check(f"attribute {name}", len(file.attrs[name].decode("utf-8")) > 0)
    check("seed is an unsigned integer", file.attrs["seed"].dtype == np.uint64)
    replicates = int(file.attrs["replicates"])
    for name in ("scenario", "resolved"):
        check(f"/{name} is a text", isinstance(file[name][()].decode("utf-8"), str))

    tables = {}
    file.visititems(
        lambda name, item: tables.update({name: frame(item)})
        if isinstance(item, h5py.Dataset) and item.dtype.names
        else None
    )
    points = tables["points"]
    paths = list(points.columns[1:-1])
    check("columns of /points", [points.columns[0], points.columns[-1]] == ["point", "pairing"])
    check("points count from 1", list(points["point"]) == list(range(1, len(points) + 1)))

    measures = tables["operating_characteristics"]
    check(
        "columns of /operating_characteristics",
        list(measures.columns)
        == ["point"] + paths + "look analysis measure value mcse low high n scale".split(),
    )
    check("scales", set(measures["scale"]) <= {"log", "identity"})
    inside = measures.dropna(subset=["low", "value", "high"])
    held = (inside.low <= inside.value) & (inside.value <= inside.high)
    check("limits hold their values", len(held) > 0 and held.all())
    names = ["power", "reject", "reject_harm", "undefined", "coverage"]
    shares = measures[measures.measure.isin(names)].value.dropna()
    check("shares are between 0 and 1", len(shares) > 0 and shares.between(0, 1).all())
    merged = measures.merge(points, on="point", suffixes=("", "_at"))
    agree = all((merged[path] == merged[path + "_at"]).all() for path in paths)
    check("settings are those of the point", agree)

    answers = tables["answers"]
    check(
        "columns of /answers",
        list(answers.columns) == "analysis method scale null alpha sides benefit".split(),
    )
    truth = tables["truth"]
    check("columns of /truth", list(truth.columns[:4]) == "point analysis truth truth_se".split())
    check("one truth a point and analysis", len(truth) == len(points) * len(answers))

    if "agreement" in tables:
        pairs = tables["agreement"]
        check(
            "columns of /agreement",
            list(pairs.columns)
            == ["point"] + paths + ("measure analysis_a analysis_b both only_a only_b neither "
                                    "difference mcse low high n").split(),
        )
        tested = answers[answers["null"].notna() & (answers.method != "describe")]
        n_pairs = len(points) * len(tested) * (len(tested) - 1) // 2
        check("/agreement has every pair", (pairs.measure == "reject").sum() == n_pairs)
        for row in pairs.itertuples():
            a, b = (tables["replicates/" + name] for name in (row.analysis_a, row.analysis_b))
            a, b = (t[t["point"] == row.point]["reject"].to_numpy() for t in (a, b))
            a, b = (t == 1 if row.measure == "power" else t != 0 for t in (a, b))
            shares = [(a & b).mean(), (a & ~b).mean(), (~a & b).mean(), (~a & ~b).mean()]
            d = a.astype(float) - b
            own = [row.both, row.only_a, row.only_b, row.neither, row.difference, row.mcse]
            if not np.allclose(own, shares + [d.mean(), d.std() / np.sqrt(len(d))], atol=1e-12):
                check(f"{row.analysis_a} and {row.analysis_b} at point {row.point}", False)
        by = ["point", "analysis", "measure"]
        values = measures.set_index(by).value
        a, b = (values.loc[list(zip(pairs["point"], pairs[k], pairs.measure))].to_numpy()
                for k in ("analysis_a", "analysis_b"))
        check("differences are those of the measures", np.allclose(pairs.difference, a - b))

    reasons = [text.decode() for text in file["replicates"].attrs["undefined_reasons"]]
    check("reasons", reasons[0] == "" and "no events" in reasons)
    for analysis in answers["analysis"]:
        rows = tables["replicates/" + analysis]
        check(f"{analysis}: rows", len(rows) == replicates * len(points))
        order = np.tile(np.arange(1, replicates + 1), len(points))
        check(f"{analysis}: order", (rows["replicate"] == order).all())
        empty = rows.estimate.isna()
        if "undefined" in rows:
            check(f"{analysis}: estimates where defined", (empty == (rows.undefined > 0)).all())
            check(f"{analysis}: reasons known", (rows.undefined < len(reasons)).all())
        if "reject" not in rows:
            columns = "point replicate estimate n undefined".split()
            check(f"{analysis}: columns of a descriptive", list(rows.columns) == columns)
            check(f"{analysis}: is one", (answers[answers.analysis == analysis].method == "describe").all())
            continue
        check(f"{analysis}: rejections", set(rows["reject"]) <= {-1, 0, 1})
        power = measures[(measures.analysis == analysis) & (measures.measure == "power")]
        of_rows = rows.groupby("point")["reject"].apply(lambda r: (r == 1).mean())
        check(f"{analysis}: power is the share of rejections for benefit",
              np.allclose(power.value, of_rows[power.point]))
        if "p_value" in rows:
            check(f"{analysis}: p-values", rows.p_value.dropna().between(0, 1).all())
        else:
            kinds = [str(rows[name].dtype) for name in ("estimate", "reject")]
            check(f"{analysis}: small columns", kinds == ["float32", "int8"])

print(f"1..{number}")
sys.exit(failed > 0)
