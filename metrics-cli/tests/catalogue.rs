//! `enumetrics catalogue`

mod support;

use support::{Folder, Server, catalogue, example, run};

#[test]
fn a_catalogue_file_is_printed() {
    let folder = Folder::new("catalogue");
    folder.write("metrics.json", &catalogue("hits_total", r#"["200", "500"]"#));
    folder.run(&["catalogue", "metrics.json"]).is_clean(
        "# Metrics\n\n1 metrics, at most 2 series.\n\n| metric | type | labels | series | meaning |\n|---|---|---|---|---|\n\
         | [`hits_total`](#hits_total) | counter | `code` | 2 | H. |\n\n## hits_total\n\nH.\n\n- type: counter\n\
         - label `code`: `200`, `500`\n- series: at most 2\n",
    );
    let committed = example("metrics.json");
    let text = std::fs::read_to_string(&committed).expect("it is there");
    run(&["catalogue", "--format", "json", &committed]).is_clean(&text);
    run(&["catalog", "--format", "json", &committed]).is_clean(&text);
}

#[test]
fn a_live_program_is_printed() {
    let scrape =
        "# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total{code=\"200\"} 1\nhits_total{code=\"500\"} 1\n";
    let server = Server::new("200 OK", scrape);
    let printed = run(&["catalogue", &server.url]);
    assert_eq!(printed.code, 0, "{}", printed.err);
    assert!(
        printed
            .out
            .contains("- label `code`: set when the program runs\n- series: at most 2\n"),
        "{}",
        printed.out
    );
    // What was kept of a scrape is the same.
    let folder = Folder::new("scrape");
    folder.write("scrape.txt", scrape);
    folder.run(&["catalogue", "scrape.txt"]).is_clean(&printed.out);
    // And its JSON is a catalogue.
    folder.write(
        "metrics.json",
        &run(&["catalogue", "--format", "json", &server.url]).out,
    );
    folder.run(&["catalogue", "metrics.json"]).is_clean(&printed.out);
    folder
        .run(&["lint", "-c", "metrics.json", "-q", "rate(hits_total{code=\"404\"}[5m])"])
        .is_clean("");
}

#[test]
fn bad_input_is_named() {
    let folder = Folder::new("catalogue-bad");
    folder.write("broken.json", "{");
    folder.write("newer.json", "{\"version\": 9, \"metrics\": []}");
    folder
        .run(&["catalogue", "gone.json"])
        .failed("gone.json: No such file");
    folder
        .run(&["catalogue", "broken.json"])
        .failed("broken.json: not a catalogue in JSON: EOF");
    folder
        .run(&["catalogue", "newer.json"])
        .failed("use a newer enumetrics");
    folder
        .run(&["catalogue", "http://127.0.0.1:1/"])
        .failed("http://127.0.0.1:1/: ");
    folder.run(&["catalogue", "http://"]).failed("http://: ");
    folder.run(&["catalogue"]).failed("<SOURCE>");
    folder
        .run(&["catalogue", "broken.json", "--format", "yaml"])
        .failed("[possible values: markdown, json]");
}
