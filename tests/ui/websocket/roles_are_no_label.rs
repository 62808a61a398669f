use enumetrics::websocket_metrics;

websocket_metrics! {
    #[websocket(roles = String)]
    pub static SOCKETS: Sockets;
}

fn main() {}
