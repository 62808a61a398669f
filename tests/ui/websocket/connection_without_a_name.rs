#![deny(unused_must_use)]

enumetrics::websocket_metrics! {
    pub static SOCKETS: Sockets;
}

fn main() {
    SOCKETS.connect();
}
