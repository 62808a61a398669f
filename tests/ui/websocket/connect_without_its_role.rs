use enumetrics::{LabelValue, websocket_metrics};

#[derive(LabelValue, Clone, Copy)]
pub enum Role {
    Officer,
    Dispatcher,
}

websocket_metrics! {
    #[websocket(roles = Role)]
    pub static SOCKETS: Sockets;
}

fn main() {
    let _connection = SOCKETS.connect();
}
