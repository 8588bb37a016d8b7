//! Connections: slow ones, half-closed ones, too many, and those that send what is no query.

use super::{
    super::tcp::{CONNECTIONS, IDLE, MESSAGE, WAITING, read_message},
    *,
};
use std::net::Shutdown;

/// So long that no query of a test is given up.
const LONG: Duration = Duration::from_secs(60);

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    // Sooner than a connection is closed because it says nothing.
    stream.set_read_timeout(Some(IDLE / 2)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A query in the form of a connection, with this ID.
fn framed(last: u8, id: u16) -> Vec<u8> {
    let mut query = question(&format!("{last}.113.0.203.bl.whodunit"), Rtype::A, None);
    query[..2].copy_from_slice(&id.to_be_bytes());
    [&u16::try_from(query.len()).unwrap().to_be_bytes(), query.as_slice()].concat()
}

/// ID and code of the next response.
fn response(mut stream: &TcpStream) -> Option<(u16, Rcode)> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).ok()?;
    let header = Message::from_octets(message).unwrap().header();
    Some((header.id(), header.rcode()))
}

/// Whether the other side has ended the connection, in any way.
fn has_ended(mut stream: &TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn queries_in_one_piece_or_in_many_are_answered_each_and_in_any_order() {
    let (server, at) = server_with(LONG);
    let mut stream = connect(at);
    stream.write_all(&[framed(200, 1), framed(7, 2), framed(10, 3)].concat()).unwrap();
    assert_eq!(response(&stream), Some((2, Rcode::NOERROR)), "nobody waits for the first");
    assert_eq!(response(&stream), Some((3, Rcode::NXDOMAIN)));
    for byte in framed(7, 4) {
        stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(response(&stream), Some((4, Rcode::NOERROR)));
    let stuck = server.decisions.stuck.lock().unwrap().pop().unwrap();
    stuck(&Arc::new(facts([203, 0, 113, 7].into()).unwrap()));
    assert_eq!(response(&stream), Some((1, Rcode::NOERROR)));
}

#[test]
fn a_message_has_so_long_to_arrive_however_often_a_byte_of_it_does() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut slow = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let feeder = thread::spawn(move || {
        // A length that it never reaches.
        while slow.write_all(&[1]).is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let until = Instant::now() + Duration::from_millis(200);
    let error = read_message(&stream, &mut [0; MESSAGE], until).unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock), "{error}");
    drop(stream);
    feeder.join().unwrap();
}

#[test]
fn of_one_connection_so_many_queries_wait() {
    let (_server, at) = server_with(LONG);
    let mut stream = connect(at);
    let many: Vec<u8> = (0..WAITING + 3).flat_map(|n| framed(200, u16::try_from(n).unwrap())).collect();
    stream.write_all(&many).unwrap();
    for n in WAITING..WAITING + 3 {
        assert_eq!(response(&stream), Some((u16::try_from(n).unwrap(), Rcode::SERVFAIL)));
    }
    stream.write_all(&framed(7, 999)).unwrap();
    assert_eq!(response(&stream), Some((999, Rcode::SERVFAIL)), "nor is it told what is known");
    assert_eq!(
        response(&{
            let mut other = connect(at);
            other.write_all(&framed(7, 5)).unwrap();
            other
        }),
        Some((5, Rcode::NOERROR))
    );
}

#[test]
fn who_has_said_all_that_it_wants_to_say_still_hears_the_answer() {
    let (_server, at) = server();
    for (last, code) in [(8, Rcode::NOERROR), (200, Rcode::SERVFAIL)] {
        let mut stream = connect(at);
        stream.write_all(&framed(last, 1)).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(response(&stream), Some((1, code)));
        assert!(has_ended(&stream), "and nothing is left open for it");
    }
}

#[test]
fn more_connections_than_there_are_places_for_are_closed_at_once() {
    let (_server, at) = server_with(LONG);
    let open: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|n| {
            let mut stream = connect(at);
            stream.write_all(&framed(if n % 2 == 0 { 7 } else { 200 }, 1)).unwrap();
            if n % 2 == 0 {
                assert_eq!(response(&stream), Some((1, Rcode::NOERROR)));
            } else {
                // Nothing more comes from it, but it is open as long as it waits.
                stream.shutdown(Shutdown::Write).unwrap();
            }
            stream
        })
        .collect();
    // Those that are half closed have been read to their end by then.
    thread::sleep(Duration::from_millis(300));
    assert!(has_ended(&connect(at)));
    assert_eq!(ask(at, "7.113.0.203.bl.whodunit", Rtype::A).0, "NOERROR", "over UDP nobody notices");
    drop(open);
    let begun = Instant::now();
    loop {
        let mut next = connect(at);
        let _ = next.write_all(&framed(7, 1));
        if response(&next).is_some() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no place has become free");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_no_message_ends_its_connection() {
    let (_server, at) = server();
    let shorter_than_a_header = [&[0, 11][..], &[0; 11]].concat();
    let longest = [&[0xff, 0xff][..], &[0; 4000]].concat();
    for bytes in [&[0, 0][..], &shorter_than_a_header, &longest] {
        let mut stream = connect(at);
        stream.write_all(&framed(7, 1)).unwrap();
        assert_eq!(response(&stream), Some((1, Rcode::NOERROR)));
        stream.write_all(bytes).unwrap();
        assert!(has_ended(&stream), "{:?}", &bytes[..2]);
    }
    // Half of a message, and no more.
    let mut stream = connect(at);
    stream.write_all(&framed(7, 1)[..9]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(has_ended(&stream));
}

#[test]
fn who_does_not_read_its_answers_is_cut_off_and_waited_for_by_nobody() {
    let (_server, at) = server();
    let mut stream = connect(at);
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let many: Vec<u8> = (0..500).flat_map(|n| framed(7, n)).collect();
    let written = (0..2000).find(|_| stream.write_all(&many).is_err());
    assert!(written.is_some(), "a million answers that nobody reads");
    assert_eq!(ask(at, "7.113.0.203.bl.whodunit", Rtype::A).0, "NOERROR");
}
