//! The little HTTP that talking to the emulator needs: one JSON request per connection, on loopback.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;

/// Sends a request and reads its JSON answer. Any status but 200 is an error with the answer's text.
pub(crate) fn request(port: u16, method: &str, path: &str, body: &Json) -> Result<Json> {
    let what = || format!("emulator: {method} {path}");
    let (status, answer) = exchange(port, method, path, body).with_context(what)?;
    if status != 200 {
        bail!("{} with {body} answered {status}: {answer}", what());
    }
    serde_json::from_str(&answer).with_context(what)
}

fn exchange(port: u16, method: &str, path: &str, body: &Json) -> Result<(u16, String)> {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer has no end of headers")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((status.context("the answer has no status")?, body.to_owned()))
}
