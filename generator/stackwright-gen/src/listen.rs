//! Where a command says that it listens: servers are told their port and address by options that most of them share.
//!
//! This is a guess, good enough for a warning: an option means what the program says that it means.

/// What a command says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listens {
    /// The port, when there is exactly one.
    pub(crate) port: Option<u16>,
    /// Whether it sets `PORT` itself.
    pub(crate) sets_port: bool,
    /// An address at which nobody but the task itself can reach it: the loopback address or a socket.
    pub(crate) hidden: Option<String>,
}

/// Options whose value is a port.
const PORT: &[&str] = &[
    "-p",
    "--port",
    "--http-port",
    "--http.port",
    "--listen-port",
    "--server-port",
    "--server.port",
    "-Dhttp.port",
    "-Dserver.port",
];
/// Options whose value is an address, with or without a port.
const ADDRESS: &[&str] = &[
    "-b",
    "-l",
    "--addr",
    "--address",
    "--bind",
    "--http",
    "--http-address",
    "--http-socket",
    "--listen",
    "--listen-address",
    "-S",
];
/// Options whose value is a host.
const HOST: &[&str] = &["-o", "-H", "--host", "--hostname"];
/// No server of the web listens below; smaller numbers count processes or threads.
const LOWEST: u16 = 80;

/// What a command says about where it listens. What is left to a variable is not known.
pub(crate) fn of(command: &str) -> Listens {
    let words: Vec<&str> = command.split_whitespace().map(bare).collect();
    let mut found = Found::default();
    for (at, word) in words.iter().enumerate() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, bare(value)),
            None => (*word, words.get(at + 1).copied().unwrap_or_default()),
        };
        found.word(word, option, value);
    }
    found.listens()
}

/// A word without the quotes around it and the `;` behind it.
fn bare(word: &str) -> &str {
    word.trim_end_matches(';').trim_matches(['"', '\''])
}

#[derive(Default)]
struct Found {
    ports: Vec<u16>,
    sets_port: bool,
    hidden: Option<String>,
    /// Whether it listens at an address that others reach, too.
    open: bool,
}

impl Found {
    fn word(&mut self, word: &str, option: &str, value: &str) {
        if option == "PORT" && word.contains('=') {
            self.sets_port |= port(value).is_some();
            self.ports.extend(port(value));
        } else if PORT.contains(&option) {
            self.ports.extend(port(value));
        } else if ADDRESS.contains(&option) {
            self.address(value);
        } else if HOST.contains(&option) && is_loopback(value) {
            self.hidden = Some(value.to_owned());
        } else if is_everywhere(word) {
            self.address(word);
        }
    }

    fn address(&mut self, value: &str) {
        let plain = value.rsplit("://").next().unwrap_or_default();
        let plain = plain.split(['?', '/']).next().unwrap_or_default();
        let is_socket = value.starts_with("unix:") || value.contains(".sock");
        let (host, number) = plain.rsplit_once(':').unwrap_or((plain, ""));
        if is_socket || is_loopback(host) {
            self.hidden = Some(value.to_owned());
        } else if !host.is_empty() || !number.is_empty() {
            self.open = true;
        }
        self.ports.extend(port(number).filter(|_| !is_socket));
    }

    fn listens(mut self) -> Listens {
        self.ports.sort_unstable();
        self.ports.dedup();
        Listens {
            port: match self.ports[..] {
                [only] => Some(only),
                _ => None,
            },
            sets_port: self.sets_port,
            hidden: self.hidden.filter(|_| !self.open),
        }
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port >= LOWEST)
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]" | "::1")
}

/// Whether a word is an address at which a server listens to everyone, as in `runserver 0.0.0.0:8000`.
fn is_everywhere(word: &str) -> bool {
    let plain = word.rsplit("://").next().unwrap_or_default();
    let host = plain.rsplit_once(':').map_or("", |(host, _)| host);
    matches!(host, "0.0.0.0" | "[::]" | "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_in_commands() {
        for (command, port) in [
            ("bundle exec rails s -p 3093", Some(3093)),
            ("bin/rails server -p 9000 -b 0.0.0.0", Some(9000)),
            ("puma --port=3093", Some(3093)),
            ("puma -b tcp://0.0.0.0:3093?backlog=5", Some(3093)),
            ("gunicorn -b 0.0.0.0:3093 app", Some(3093)),
            ("gunicorn --bind=:3093 app", Some(3093)),
            ("python manage.py runserver 0.0.0.0:8000", Some(8000)),
            ("PORT=3093 node server.js", Some(3093)),
            ("export PORT=3093; node server.js", Some(3093)),
            ("java -Dserver.port=3093 -jar x.jar", Some(3093)),
            ("bin/billing --listen '0.0.0.0:3093'", Some(3093)),
            ("php -S [::]:3093", Some(3093)),
            ("puma -p $PORT", None),
            (
                "rackup --port ${PORT:-3000} --host ${HOST:-localhost}",
                None,
            ),
            ("WEBPACK_PORT=3035 rails s", None),
            ("uwsgi -p 4 --http :$PORT", None),
            ("a -p 3000 & b -p 4000", None),
            (
                "stripe listen --forward-to http://localhost:3000/hook",
                None,
            ),
            ("sleep 3000", None),
        ] {
            assert_eq!(of(command).port, port, "{command}");
        }
        assert!(of("PORT=3093 x").sets_port && !of("x -p 3093").sets_port);
    }

    #[test]
    fn addresses_that_nobody_else_reaches() {
        for (command, hidden) in [
            ("puma -b 127.0.0.1:3000", Some("127.0.0.1:3000")),
            ("puma -b tcp://localhost:3000", Some("tcp://localhost:3000")),
            ("rails s --host localhost", Some("localhost")),
            ("gunicorn -b unix:/tmp/x.sock app", Some("unix:/tmp/x.sock")),
            ("puma -b unix:///x.sock -b tcp://0.0.0.0:8080", None),
            ("rails s -b 0.0.0.0", None),
            ("rails s -b \"${BIND:-127.0.0.1}\"", None),
            ("psql -h localhost", None),
        ] {
            assert_eq!(of(command).hidden.as_deref(), hidden, "{command}");
        }
    }
}
