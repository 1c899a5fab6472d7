//! Finding the cloud by its name where the system cannot: Android has no file that says who to ask.

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::ClientBuilder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Name servers that are asked instead of the system's.
struct NameServers(TokioResolver);

/// A client that asks these name servers; with none, the system.
pub(crate) fn asking(client: ClientBuilder, nameservers: &[SocketAddr]) -> ClientBuilder {
    if nameservers.is_empty() {
        return client;
    }
    let servers = nameservers.iter().map(server).collect();
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let resolver =
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build();
    match resolver {
        Ok(resolver) => client.dns_resolver(Arc::new(NameServers(resolver))),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the name servers of the configuration cannot be asked; the system is"
            );
            client
        }
    }
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
        let mut connection = ConnectionConfig::new(protocol);
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

impl Resolve for NameServers {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.0.clone();
        Box::pin(async move {
            let found = resolver.lookup_ip(name.as_str()).await?;
            // The port is the address's own.
            let addresses: Vec<_> = found.iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use hickory_resolver::proto::op::Message;
    use hickory_resolver::proto::rr::rdata::A;
    use hickory_resolver::proto::rr::{RData, Record, RecordType};
    use tokio::net::UdpSocket;

    use super::*;

    /// Answers every question for an IPv4 address with loopback, and has no others.
    async fn answer(socket: UdpSocket) {
        let mut bytes = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            let asked = Message::from_vec(&bytes[..length]).expect("a question");
            let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
            for query in &asked.queries {
                answer.add_query(query.clone());
                if query.query_type() == RecordType::A {
                    let loopback = RData::A(A(Ipv4Addr::LOCALHOST));
                    answer.add_answer(Record::from_rdata(query.name().clone(), 60, loopback));
                }
            }
            let answer = answer.to_vec().expect("an answer");
            socket.send_to(&answer, from).await.expect("sent");
        }
    }

    #[tokio::test]
    async fn a_name_that_only_the_configured_server_knows_is_found() {
        // The client wants one although nothing is encrypted here; another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dns = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let nameserver = dns.local_addr().expect("its address");
        let answering = tokio::spawn(answer(dns));
        let app = axum::Router::new().route("/", axum::routing::get(|| async { "here" }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let port = listener.local_addr().expect("its address").port();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let client = |servers: &[SocketAddr]| {
            asking(reqwest::Client::builder().no_proxy(), servers).build().expect("a client")
        };
        let url = format!("http://trace.example.com:{port}/");
        let said = client(&[nameserver]).get(&url).send().await.expect("an answer");
        assert_eq!(said.text().await.expect("a text"), "here");
        answering.abort();
        serving.abort();
    }
}
