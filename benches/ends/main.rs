//! Shows what attributes on functions record of calls that fail, panic or are cancelled: ten functions, written with the
//! attribute of each peer, are called once for each end.

mod functions;
mod peers;
mod table;

use std::error::Error;

const HELP: &str = "\
cargo run --release --manifest-path benches/ends/Cargo.toml -- [OPTION]

  --markdown FILE  replaces the table between the markers in FILE
";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let page = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => None,
        ["--markdown", path] => Some((path, std::fs::read_to_string(path)?)),
        _ => {
            print!("{HELP}");
            return Ok(());
        }
    };
    let peers = peers::all();
    call_all(&peers);
    let table = table::markdown(&peers);
    print!("{table}");
    if let Some((path, page)) = page {
        let page = table::splice(&page, &table).ok_or_else(|| format!("{path} has no markers for the table"))?;
        std::fs::write(path, page)?;
    }
    Ok(())
}

fn call_all(peers: &[peers::Peer]) {
    let hook = std::panic::take_hook();
    // The panics of the calls would fill the terminal.
    std::panic::set_hook(Box::new(|_| {}));
    for peer in peers {
        (peer.start)();
        for call in &peer.calls {
            for end in call.ends() {
                call.make(end);
            }
        }
        (peer.finish)();
    }
    std::panic::set_hook(hook);
}
