use enumetrics::websocket_metrics;

websocket_metrics! {
    #[websocket(names(by_role = "roles"))]
    pub static SOCKETS: Sockets;
}

fn main() {}
