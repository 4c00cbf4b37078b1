//! Test results in the XML that build servers read.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Case;

/// The document for some results.
pub(super) fn document(cases: &[Case], time: Duration) -> String {
    let mut groups: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        groups.entry(&case.group).or_default().push(case);
    }
    let failures = |cases: &[&Case]| cases.iter().filter(|case| case.failure.is_some()).count();
    let all: Vec<&Case> = cases.iter().collect();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |text: String| {
        xml.push_str(&text);
        xml.push('\n');
    };
    line(format!(
        "<testsuites tests=\"{}\" failures=\"{}\" time=\"{:.3}\">",
        all.len(),
        failures(&all),
        time.as_secs_f64()
    ));
    for (group, cases) in &groups {
        let sum: Duration = cases.iter().map(|case| case.time).sum();
        line(format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{:.3}\">",
            escaped(group),
            cases.len(),
            failures(cases),
            sum.as_secs_f64()
        ));
        for case in cases {
            let head = format!(
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                escaped(&group.replace('/', ".")),
                escaped(&case.name),
                case.time.as_secs_f64()
            );
            match &case.failure {
                None => line(format!("{head}/>")),
                Some(failure) => {
                    let first = failure.lines().next().unwrap_or_default();
                    line(format!(
                        "{head}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                        escaped(first),
                        escaped(failure)
                    ));
                }
            }
        }
        line("  </testsuite>".to_owned());
    }
    line("</testsuites>".to_owned());
    xml
}

/// Text in XML; what XML cannot hold at all is written as an escape.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(c),
            c if (c as u32) < 0x20 || matches!(c as u32, 0xfffe | 0xffff) => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{document, escaped};
    use crate::test::Case;

    #[test]
    fn failures_are_counted_and_told() {
        let case = |name: &str, failure: Option<&str>| Case {
            group: "a/b".to_owned(),
            name: name.to_owned(),
            time: Duration::from_millis(1500),
            failure: failure.map(str::to_owned),
        };
        let xml = document(
            &[case("one", None), case("two", Some("1 < 2\nmore"))],
            Duration::from_secs(3),
        );
        assert!(xml.contains("<testsuites tests=\"2\" failures=\"1\" time=\"3.000\">"), "{xml}");
        assert!(xml.contains("<testcase classname=\"a.b\" name=\"one\" time=\"1.500\"/>"), "{xml}");
        assert!(xml.contains("<failure message=\"1 &lt; 2\">1 &lt; 2&#10;more</failure>"), "{xml}");
    }

    #[test]
    fn control_characters_do_not_spoil_the_document() {
        assert_eq!(escaped("a\u{1}\u{1b}[0m\"&"), "a\\u0001\\u001b[0m&quot;&amp;");
    }
}
