//! The services of go-plugin itself.

use futures_util::{FutureExt as _, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::plugin::grpc_broker_server::GrpcBroker;
use crate::proto::plugin::grpc_controller_server::GrpcController;
use crate::proto::plugin::grpc_stdio_server::GrpcStdio;
use crate::proto::plugin::{ConnInfo, Empty, StdioData};

/// Stops the server when the parent asks; without it, ending a provider costs two seconds.
#[derive(Debug, Clone)]
pub(crate) struct Controller(pub(crate) CancellationToken);

/// A stream that is open and silent until the server stops: everything goes to stderr instead.
#[derive(Debug, Clone)]
pub(crate) struct Stdio(pub(crate) CancellationToken);

/// A stream that idles until either side ends it: providers need no second connection.
#[derive(Debug, Clone)]
pub(crate) struct Broker(pub(crate) CancellationToken);

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<BoxStream<StdioData>>, Status> {
        let until_stop = self.0.clone().cancelled_owned().into_stream();
        Ok(Response::new(Box::pin(
            until_stop.filter_map(async |()| None),
        )))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let incoming = request
            .into_inner()
            .take_until(self.0.clone().cancelled_owned());
        Ok(Response::new(Box::pin(incoming.filter_map(async |_| None))))
    }
}
