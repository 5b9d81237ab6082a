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

/// Closes every descriptor above the first three but these.
#[cfg(target_os = "linux")]
pub(crate) fn close_all_but(kept: &[i32]) {
    let mut kept: Vec<u32> = kept.iter().filter_map(|fd| u32::try_from(*fd).ok()).collect();
    kept.sort_unstable();
    let mut from = 3;
    for last in kept.into_iter().chain([u32::MAX]) {
        if let Some(to) = last.checked_sub(1).filter(|to| from <= *to) {
            // SAFETY: nothing in this process, which has just started, owns a descriptor yet.
            // A kernel without the call leaves open what our own code marks close-on-exec anyway.
            unsafe {
                libc::syscall(libc::SYS_close_range, from, to, 0);
            }
        }
        from = last.saturating_add(1);
    }
}

/// Gives this process a network and an IPC space of its own, with nothing in them; by way of a
/// user namespace where only root may do it directly.
#[cfg(target_os = "linux")]
pub(crate) fn leave_shared_namespaces() -> io::Result<()> {
    let apart = libc::CLONE_NEWNET | libc::CLONE_NEWIPC;
    // SAFETY: unshare changes what this single-threaded process sees and touches no memory.
    let direct = check(unsafe { libc::unshare(apart) });
    // SAFETY: as above.
    direct.or_else(|_| check(unsafe { libc::unshare(apart | libc::CLONE_NEWUSER) }))
}

/// Gives up every right of root for good, but that to read: without it root could not read a file
/// that belongs to somebody else, which outside the sandbox it can.
#[cfg(target_os = "linux")]
pub(crate) fn drop_capabilities() -> io::Result<()> {
    const DAC_READ_SEARCH: libc::c_ulong = 2;
    for capability in (0..64).filter(|c| *c != DAC_READ_SEARCH) {
        // SAFETY: prctl with these arguments reads and writes no memory of ours.
        let held = unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) };
        if held < 0 {
            break; // The kernel knows no capability of this number.
        }
        // SAFETY: as above. An ordinary user may not, and holds none to give up.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        // SAFETY: geteuid only returns a number.
        if dropped < 0 && unsafe { libc::geteuid() } == 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Has the kernel end this process when the thread that started it ends.
#[cfg(target_os = "linux")]
pub(crate) fn die_with_parent() -> io::Result<()> {
    // SAFETY: sets a number in the kernel.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) })
}
