//! The few system calls that the standard library does not offer: the crate's only unsafe code.

#![allow(unsafe_code, reason = "system calls without a safe wrapper in the standard library")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Which of the given pipes can be read without waiting (data, end or error), after waiting at
/// most `patience`.
pub(crate) fn readable(pipes: &[BorrowedFd<'_>], patience: Duration) -> io::Result<Vec<bool>> {
    let mut polled: Vec<libc::pollfd> = pipes
        .iter()
        .map(|pipe| libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 })
        .collect();
    let patience_ms = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the pointer and the length describe `polled`, which outlives the call, and every
    // descriptor in it is borrowed from an open pipe.
    let ready =
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, patience_ms) };
    if ready < 0 {
        let e = io::Error::last_os_error();
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
    Ok(polled.iter().map(|p| ready > 0 && p.revents != 0).collect())
}

/// Asks for a pipe that holds `bytes`, so that its writer wakes us seldom. A smaller pipe is only
/// slower, so a refusal (a user's limit on pipe memory) is no error.
pub(crate) fn widen_pipe(pipe: BorrowedFd<'_>, bytes: i32) {
    #[cfg(target_os = "linux")]
    // SAFETY: sets a number in the kernel; the descriptor is borrowed from an open pipe.
    unsafe {
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, bytes);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (pipe, bytes);
}

/// Lets the child inherit these descriptors under their own numbers.
pub(crate) fn inherit(command: &mut Command, descriptors: Vec<RawFd>) {
    let keep = move || {
        for fd in &descriptors {
            // SAFETY: changes a flag of a descriptor in the child; fcntl may be called between
            // fork and exec.
            if unsafe { libc::fcntl(*fd, libc::F_SETFD, 0) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: the closure calls fcntl only and allocates nothing.
    unsafe {
        command.pre_exec(keep);
    }
}

/// Sets both the soft and the hard limit on a resource of this process.
pub(crate) fn limit(resource: Resource, value: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: value as libc::rlim_t, rlim_max: value as libc::rlim_t };
    let resource = match resource {
        Resource::CpuSeconds => libc::RLIMIT_CPU,
        Resource::MemoryBytes => libc::RLIMIT_AS,
        Resource::FileBytes => libc::RLIMIT_FSIZE,
        Resource::CoreBytes => libc::RLIMIT_CORE,
        Resource::OpenFiles => libc::RLIMIT_NOFILE,
    };
    // SAFETY: reads the structure, which outlives the call.
    check(unsafe { libc::setrlimit(resource, &raw const limit) })
}

/// A resource of a process that can be limited.
#[derive(Clone, Copy)]
pub(crate) enum Resource {
    CpuSeconds,
    MemoryBytes,
    FileBytes,
    CoreBytes,
    OpenFiles,
}

fn check(result: i32) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
