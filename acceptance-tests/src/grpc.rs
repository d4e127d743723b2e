//! The smallest gRPC client that can measure a provider: one call with an empty request.

use std::io::{Read, Write};

use anyhow::{Context as _, Result, bail};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
/// As many bytes as a peer may send before it waits.
const WINDOW: u32 = 0x7fff_0000;

/// Calls a method such as `/tfplugin6.Provider/GetProviderSchema` and returns how many bytes were answered.
pub(crate) fn call_empty(mut stream: impl Read + Write, method: &str) -> Result<usize> {
    stream.write_all(&request(method)?)?;
    let mut answered = 0;
    loop {
        let (kind, flags, payload) = read_frame(&mut stream)?;
        match kind {
            DATA => answered += payload.len(),
            SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])?)?,
            GO_AWAY => bail!("the provider closed the connection"),
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            // Without a message the call failed: its status is in trailers that are not decoded here.
            return if answered > 5 {
                Ok(answered - 5)
            } else {
                bail!("{method} answered no message")
            };
        }
    }
}

fn request(method: &str) -> Result<Vec<u8>> {
    const INITIAL_WINDOW_SIZE: [u8; 2] = [0, 4];
    let mut bytes = PREFACE.to_vec();
    let window = [&INITIAL_WINDOW_SIZE[..], &WINDOW.to_be_bytes()].concat();
    bytes.extend(frame(SETTINGS, 0, 0, &window)?);
    bytes.extend(frame(
        WINDOW_UPDATE,
        0,
        0,
        &(WINDOW - 65_535).to_be_bytes(),
    )?);
    let mut headers = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ] {
        header(name, value, &mut headers)?;
    }
    bytes.extend(frame(HEADERS, END_HEADERS, 1, &headers)?);
    // An empty message: not compressed, length 0.
    bytes.extend(frame(DATA, END_STREAM, 1, &[0; 5])?);
    Ok(bytes)
}

/// A literal header without indexing or Huffman code (RFC 7541, 6.2.2). Names and values below 127 bytes.
fn header(name: &str, value: &str, into: &mut Vec<u8>) -> Result<()> {
    into.push(0);
    for text in [name, value] {
        into.push(
            u8::try_from(text.len())
                .ok()
                .filter(|len| *len < 127)
                .context("header too long")?,
        );
        into.extend(text.as_bytes());
    }
    Ok(())
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<Vec<u8>> {
    let length = u32::try_from(payload.len())?.to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    Ok(bytes)
}

fn read_frame(stream: &mut impl Read) -> Result<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream
        .read_exact(&mut head)
        .context("the provider closed the connection")?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length)?];
    stream.read_exact(&mut payload)?;
    Ok((head[3], head[4], payload))
}
