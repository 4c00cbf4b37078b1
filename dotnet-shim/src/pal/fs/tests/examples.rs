//! What the differential test cannot show: content files, devices, pipes, locks, ports, limits.
use super::populated;
use crate::pal::error::Errno;
use crate::pal::fs::port::event;
use crate::pal::fs::{Change, FileSystem, LockRequest, Open, Time, Whence, ready};

const READ: Open = Open {
    read: true,
    write: false,
    create: false,
    exclusive: false,
    truncate: false,
    append: false,
    no_follow: false,
    close_on_exec: false,
};
const UPDATE: Open = Open { write: true, create: true, ..READ };

/// Memory for the file with the host's name.
const HOST_NAME: u64 = 32;

fn contents(files: &mut FileSystem, path: &[u8]) -> Vec<u8> {
    let descriptor = files.open(path, READ, 0).expect("the file exists");
    let mut bytes = vec![0; 1 << 20];
    let count = files.read(descriptor, &mut bytes).expect("it can be read");
    files.close(descriptor).expect("it is open");
    bytes.truncate(count);
    bytes
}

#[test]
fn content_files_are_found_and_copied_only_when_written() {
    static CONTENT: [u8; 200_000] = [7; 200_000];
    let mut files = populated();
    files.add_content(b"a/b/c.bin", &CONTENT, 0o640, Some(1234)).expect("the name is good");
    assert_eq!(files.quota().used, HOST_NAME, "nothing else is in memory of its own");
    let status = files.status(b"/app/a/b/c.bin").expect("it exists");
    assert_eq!((status.mode, status.size, status.modified.seconds), (0o100_640, 200_000, 1234));
    let descriptor = files.open(b"/app/a/b/c.bin", UPDATE, 0).expect("it exists");
    files.write_at(descriptor, 70_000, &[1, 2]).expect("it can be written");
    let mut bytes = [0; 4];
    files.read_at(descriptor, 69_999, &mut bytes).expect("it can be read");
    assert_eq!(bytes, [7, 1, 2, 7]);
    assert!(files.quota().used < 70_000, "one chunk was copied");
    files.truncate(descriptor, 70_001).expect("it can be truncated");
    files.truncate(descriptor, 70_003).expect("it can be extended");
    files.read_at(descriptor, 69_999, &mut bytes).expect("it can be read");
    assert_eq!(bytes, [7, 1, 0, 0]);
}

#[test]
fn names_of_content_files_cannot_lead_out() {
    let mut files = populated();
    for name in [&b"../x"[..], b"a/../../x", b"./x", b".."] {
        assert_eq!(files.add_content(name, b"", 0o644, None), Err(Errno::EINVAL));
    }
    assert!(files.add_content(b"", b"", 0o644, None).is_err());
}

#[test]
fn an_unlinked_file_lives_until_it_is_closed() {
    let mut files = populated();
    let descriptor = files.open(b"/tmp/x", UPDATE, 0o600).expect("the name is free");
    files.write(descriptor, &[1; 1000]).expect("there is room");
    files.unlink(b"/tmp/x").expect("it exists");
    let before = files.quota().used;
    assert_eq!(files.seek(descriptor, 0, Whence::End), Ok(1000));
    files.close(descriptor).expect("it is open");
    assert!(files.quota().used < before, "its memory was given back");
    assert_eq!(files.open_files(), 0);
}

#[test]
fn memory_for_files_ends() {
    let mut files = populated();
    let descriptor = files.open(b"/tmp/x", UPDATE, 0o600).expect("the name is free");
    let limit = i64::try_from(files.quota().limit).expect("the limit is small");
    assert_eq!(files.allocate(descriptor, 0, limit), Err(Errno::ENOSPC));
    assert_eq!(files.allocate(descriptor, 0, 1000), Ok(()));
    files.truncate(descriptor, limit * 4).expect("a hole needs no memory");
    files.quota.limit = files.quota.used + 100_000;
    let written = files.write(descriptor, &vec![1; 1 << 20]).expect("part of it fits");
    assert!((65_536..=100_000).contains(&written));
    assert_eq!(files.write_at(descriptor, 1 << 20, &[1; 70_000]), Err(Errno::ENOSPC));
    files.unlink(b"/tmp/x").expect("it exists");
    files.close(descriptor).expect("it is open");
    assert_eq!(files.quota().used, HOST_NAME);
}

#[test]
fn devices_do_what_they_are_for() {
    let mut files = populated();
    let mut bytes = [9; 4];
    let zero = files.open(b"/dev/zero", READ, 0).expect("it exists");
    assert_eq!(files.read(zero, &mut bytes), Ok(4));
    assert_eq!(bytes, [0; 4]);
    let random = files.open(b"/dev/urandom", READ, 0).expect("it exists");
    assert_eq!(files.read(random, &mut bytes), Ok(4));
    assert_eq!(bytes, [0, 1, 2, 3]);
    let null = files.open(b"/dev/null", UPDATE, 0).expect("it exists");
    assert_eq!((files.write(null, b"abc"), files.read(null, &mut bytes)), (Ok(3), Ok(0)));
    let full = files.open(b"/dev/full", UPDATE, 0).expect("it exists");
    assert_eq!(files.write(full, b"abc"), Err(Errno::ENOSPC));
}

#[test]
fn reports_are_written_when_they_are_opened() {
    let mut files = populated();
    assert_eq!(contents(&mut files, b"/proc/self/status"), b"Status\n");
    assert_eq!(contents(&mut files, b"/proc/1/task/1/stat"), b"Stat\n");
    assert_eq!(contents(&mut files, b"/proc/meminfo"), b"Meminfo\n");
    let mut target = [0; 64];
    let length = files.read_link(b"/proc/self/exe", &mut target).expect("it is a link");
    assert_eq!(&target[..length], b"/app/program");
}

#[test]
fn a_pipe_carries_bytes_and_ends() {
    let mut files = populated();
    let (read, write) = files.pipe(true).expect("there are descriptors");
    let mut bytes = [0; 100];
    assert_eq!(files.read(read, &mut bytes), Err(Errno::EAGAIN));
    assert_eq!(files.poll(read), 0);
    assert_eq!(files.write(write, b"hello"), Ok(5));
    assert_eq!(files.poll(read), ready::IN);
    assert_eq!(files.read(read, &mut bytes), Ok(5));
    assert_eq!(&bytes[..5], b"hello");
    assert_eq!(files.write(write, &[0; 100_000]), Ok(65_536));
    assert_eq!(files.write(write, &[0]), Err(Errno::EAGAIN));
    assert_eq!(files.seek(read, 0, Whence::Start), Err(Errno::ESPIPE));
    files.close(write).expect("it is open");
    assert_eq!(files.poll(read), ready::IN | ready::HANG_UP);
    let mut all = vec![0; 100_000];
    assert_eq!(files.read(read, &mut all), Ok(65_536));
    assert_eq!(files.read(read, &mut all), Ok(0), "the end");
    let (read, write) = files.pipe(true).expect("there are descriptors");
    files.close(read).expect("it is open");
    assert_eq!(files.write(write, b"x"), Err(Errno::EPIPE));
    assert_eq!(files.poll(write) & ready::ERROR, ready::ERROR);
}

#[test]
fn a_port_reports_each_change_once() {
    let mut files = populated();
    let port = files.open_port().expect("there are descriptors");
    let (read, write) = files.pipe(true).expect("there are descriptors");
    files.register(port, read, event::READ | event::WRITE, 11).expect("a pipe can be waited for");
    assert_eq!(files.collect_events(port, 8), Err(Errno::EAGAIN));
    files.write(write, b"a").expect("there is room");
    assert_eq!(files.collect_events(port, 8), Ok(vec![(11, event::READ)]));
    assert_eq!(files.collect_events(port, 8), Err(Errno::EAGAIN));
    // More bytes are a new change, though the pipe was readable all the time.
    files.write(write, b"b").expect("there is room");
    assert_eq!(files.collect_events(port, 8), Ok(vec![(11, event::READ)]));
    files.close(write).expect("it is open");
    assert_eq!(files.collect_events(port, 8), Ok(vec![(11, event::READ)]));
    files.close(read).expect("it is open");
    assert_eq!(files.collect_events(port, 8), Err(Errno::EAGAIN));
}

#[test]
fn locks_exclude_other_openings_only() {
    let mut files = populated();
    let first = files.open(b"/tmp/x", UPDATE, 0o600).expect("the name is free");
    let second = files.open(b"/tmp/x", UPDATE, 0).expect("it exists");
    let copy = files.duplicate(first).expect("there are descriptors");
    assert_eq!(files.lock(first, LockRequest::Exclusive), Ok(()));
    assert_eq!(files.lock(copy, LockRequest::Exclusive), Ok(()));
    assert_eq!(files.lock(second, LockRequest::Shared), Err(Errno::EAGAIN));
    assert_eq!(files.lock(first, LockRequest::Shared), Ok(()));
    assert_eq!(files.lock(second, LockRequest::Shared), Ok(()));
    assert_eq!(files.lock(first, LockRequest::Exclusive), Err(Errno::EAGAIN));
    files.close(second).expect("it is open");
    assert_eq!(files.lock(first, LockRequest::Exclusive), Ok(()));
    files.close(first).expect("it is open");
    let third = files.open(b"/tmp/x", READ, 0).expect("it exists");
    assert_eq!(files.lock(third, LockRequest::Shared), Err(Errno::EAGAIN), "the copy holds it");
    files.close(copy).expect("it is open");
    assert_eq!(files.lock(third, LockRequest::Shared), Ok(()));
}

#[test]
fn times_are_set_as_asked() {
    let mut files = populated();
    let time = Time { seconds: -5, nanoseconds: 7 };
    files.set_times(b"/tmp", Change::Keep, Change::Set(time)).expect("it exists");
    let status = files.status(b"/tmp").expect("it exists");
    assert_eq!((status.modified, status.accessed.seconds), (time, 1000));
    let wrong = Time { seconds: 0, nanoseconds: 1_000_000_000 };
    let result = files.set_times(b"/tmp", Change::Set(wrong), Change::Keep);
    assert_eq!(result, Err(Errno::EINVAL));
}

#[test]
fn a_directory_can_change_while_it_is_read() {
    let mut files = populated();
    for name in [&b"/tmp/a"[..], b"/tmp/b", b"/tmp/c", b"/tmp/d"] {
        files.make_directory(name, 0o755).expect("the name is free");
    }
    let mut cursor = files.open_directory(b"/tmp").expect("it exists");
    let mut names = Vec::new();
    while let Some((name, _)) = files.read_directory(&mut cursor) {
        if &*name == b"b" {
            files.remove_directory(b"/tmp/b").expect("it is empty");
            files.remove_directory(b"/tmp/c").expect("it is empty");
        }
        names.push(name);
    }
    assert_eq!(names, [&b"."[..], b"..", b"a", b"b", b"d"].map(Into::into));
    files.close_directory(cursor);
}

#[test]
fn temporary_names_are_filled_in() {
    let mut files = populated();
    let mut template = *b"/tmp/xXXXXXX";
    files.make_temporary_directory(&mut template).expect("the name is free");
    assert!(files.status(&template).is_ok() && !template.ends_with(b"X"));
    let mut template = *b"/tmp/yXXXXXX.tmp";
    files.make_temporary_file(&mut template, 4).expect("the name is free");
    assert!(files.status(&template).is_ok() && template.ends_with(b".tmp"));
    assert_eq!(files.make_temporary_file(&mut b"/tmp/z".to_vec(), 0), Err(Errno::EINVAL));
}

#[test]
fn descriptors_are_used_again_from_the_lowest() {
    let mut files = populated();
    let first = files.open(b"/dev/null", READ, 0).expect("it exists");
    let second = files.open(b"/dev/null", READ, 0).expect("it exists");
    files.close(first).expect("it is open");
    assert_eq!(files.open(b"/dev/null", READ, 0), Ok(first));
    assert_eq!(files.close(second + 1), Err(Errno::EBADF));
    assert_eq!(files.close(-1), Err(Errno::EBADF));
}
