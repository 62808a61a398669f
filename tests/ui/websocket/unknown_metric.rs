use enumetrics::websocket_metrics;

websocket_metrics! {
    #[websocket(without(actve))]
    pub static SOCKETS: Sockets;
}

fn main() {}
