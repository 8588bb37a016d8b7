//! A DNS list (RFC 5782) over UDP and TCP: every mail server and filter has a client for one.
//!
//! The path of one query: [`DnsQuery`] parses the message -> [`ZoneServer`] finds the meaning of its name -> the
//! address is decided -> one response. A decision in memory is used on the thread that received the query. Else it is
//! made elsewhere, while the query waits no longer than its deadline.
//!
//! The caller supplies the [`DecisionSource`].

mod pending;
mod query;
mod response;
mod route;
mod server;
mod tcp;
mod text;
mod udp;
mod zone;

pub use query::DnsQuery;
pub use response::{Outcome, ZoneServer};
pub use server::{DecisionSource, DnsClients, DnsServer};
pub use zone::{ListName, ZoneName};

use crate::error::{Error, Result, reason};
use std::{
    net::{TcpListener, UdpSocket},
    sync::Arc,
};

impl<F: DecisionSource> DnsServer<F> {
    /// Starts to answer at these sockets.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self: &Arc<Self>, sockets: Vec<(UdpSocket, TcpListener)>) -> Result<()> {
        let started = || {
            self.pending.start_deadlines()?;
            for (socket, listener) in sockets {
                udp::serve(self, socket)?;
                tcp::serve(self, listener)?;
            }
            Ok(())
        };
        started()
            .map_err(|e: std::io::Error| Error::software(format!("no thread can be started: {}", reason(&e))))
    }

    /// Whether a query waits for its response.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.pending.count() > 0
    }
}

#[cfg(test)]
mod tests;
