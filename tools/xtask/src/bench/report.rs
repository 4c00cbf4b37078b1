//! Turns the two systems' figures into one table, worst ratio first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One `BENCH` line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// ns, us or ms.
    pub(super) unit: String,
    /// Smallest, median and largest of the rounds.
    pub(super) values: [f64; 3],
}

/// The `BENCH` lines of a program's output by name, and the names it reported as failed.
pub(super) fn parse(output: &str) -> (BTreeMap<String, Row>, Vec<String>) {
    let mut rows = BTreeMap::new();
    let mut failed = Vec::new();
    for line in output.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["BENCH", name, unit, values @ ..] => {
                let parsed: Vec<f64> = values.iter().filter_map(|v| v.parse().ok()).collect();
                if let Ok(values) = <[f64; 3]>::try_from(parsed) {
                    rows.insert((*name).to_owned(), Row { unit: (*unit).to_owned(), values });
                }
            }
            ["BENCHFAIL", ..] => failed.push(line.replacen("BENCHFAIL ", "", 1)),
            _ => {}
        }
    }
    (rows, failed)
}

/// What a row must not exceed, in its own unit; from the project's goals.
pub(super) const GOALS: &[(&str, f64)] = &[
    ("kernel.null", 200.0),
    ("throw.depth1", 9.0),
    ("throw.depth20", 100.0),
    ("alloc.24B", 50.0),
    ("iface.mono", 19.1),
    ("lock.uncontended", 101.5),
];

/// No micro-benchmark may take more than this times Linux's figure.
pub(super) const WORST_RATIO: f64 = 1.3;

/// The table: every row of either system with its ratio, worst first, and whether it meets its goal.
pub(super) fn table(
    title: &str,
    ours: &BTreeMap<String, Row>,
    linux: &BTreeMap<String, Row>,
) -> String {
    let mut lines: Vec<(f64, String)> = Vec::new();
    for (name, row) in ours {
        let goal = GOALS.iter().find(|(n, _)| n == name).map(|(_, limit)| *limit);
        let median = row.values[1];
        let (theirs, ratio) = match linux.get(name) {
            Some(other) if other.values[1] > 0.0 => {
                (format!("{:.2}", other.values[1]), median / other.values[1])
            }
            _ => ("-".to_owned(), f64::NAN),
        };
        let limit = goal.map_or_else(String::new, |g| format!("{g}"));
        let within = goal.is_none_or(|g| median <= g) && (ratio.is_nan() || ratio <= WORST_RATIO);
        let verdict = if within { "ok" } else { "MISSED" };
        lines.push((
            ratio,
            format!(
                "| {name} | {median:.2} | {theirs} | {} | {ratio:.2} | {limit} | {verdict} |",
                row.unit
            ),
        ));
    }
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut out = format!(
        "## {title}\n\n| benchmark | Cermet | Linux | unit | ratio | goal | |\n|---|---:|---:|---|---:|---:|---|\n"
    );
    for (_, line) in &lines {
        let _ = writeln!(out, "{line}");
    }
    for name in linux.keys().filter(|n| !ours.contains_key(*n)) {
        let _ = writeln!(
            out,
            "| {name} | - | {:.2} | {} | - | | MISSING |",
            linux[name].values[1], linux[name].unit
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_parsed_and_sorted_by_ratio() {
        let (ours, failed) =
            parse("BENCH a ns 1.0 2.0 3.0\nnoise\nBENCH b us 5 6 7\r\nBENCHFAIL c X: y\n");
        let (linux, _) = parse("BENCH a ns 1.0 4.0 3.0\nBENCH b us 1 2 3\nBENCH d ns 1 1 1\n");
        assert_eq!(ours.len(), 2);
        assert_eq!(failed, ["c X: y"]);
        let table = table("t", &ours, &linux);
        let a = table.find("| a |").expect("a is listed");
        let b = table.find("| b |").expect("b is listed");
        assert!(b < a, "b is three times slower and comes first");
        assert!(table.contains("| b | 6.00 | 2.00 | us | 3.00 |  | MISSED |"));
        assert!(table.contains("| d | - |"));
    }
}
