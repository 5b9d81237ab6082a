//! Closes the doors of a process that is about to read a hostile file (Linux).
//!
//! In: the keeper's [`Plan`]. Out: one sentence for each protection that this kernel does not
//! offer; the others hold all the same. The order matters: namespaces before capabilities go,
//! the wish to die with the parent after both (changing credentials forgets it), and the system
//! call filter last, since it forbids what came before.
//!
//! Cannot: hide that another path exists (`stat` is not restricted), limit the speed at which
//! the one file is read, or protect against a fault in the kernel itself.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use crate::keeper::Plan;
use crate::sys::{self, Resource};

/// Enough for the loader, which has one library open at a time, and for every pipe.
const OPEN_FILES_MAX: u64 = 64;

/// Closes everything that can be closed and says what could not.
pub(crate) fn close_doors(plan: &Plan) -> Vec<String> {
    sys::close_all_but(&plan.pipes);
    let mut missing = Vec::new();
    if sys::leave_shared_namespaces().is_err() {
        missing.push(
            "network and IPC namespaces are refused here; the system call filter alone keeps the \
             reader from the network"
                .to_owned(),
        );
    }
    if let Err(e) = sys::drop_capabilities() {
        missing.push(format!("the reader keeps the rights of root ({e})"));
    }
    missing.extend(limits(plan));
    match restrict_files(plan) {
        Ok(RulesetStatus::FullyEnforced) => {}
        Ok(RulesetStatus::PartiallyEnforced) => missing.push(
            "this kernel's Landlock is an older one; the reader may signal other processes or use \
             TCP where the system call filter does not forbid it"
                .to_owned(),
        ),
        Ok(RulesetStatus::NotEnforced) => missing.push(
            "this kernel has no Landlock; the reader could open other files of yours".to_owned(),
        ),
        Err(e) => missing.push(format!("Landlock could not be set up ({e})")),
    }
    if sys::die_with_parent().is_err() {
        missing.push("a reader may live on for a while when this program is killed".to_owned());
    }
    if let Err(e) = filter_calls() {
        missing.push(format!("the system call filter could not be set up ({e})"));
    }
    missing
}

/// Limits of the kernel's own on what the reader may use.
pub(crate) fn limits(plan: &Plan) -> Vec<String> {
    let limits = [
        (Resource::CpuSeconds, plan.cpu_s, "processor time"),
        (Resource::MemoryBytes, plan.memory_bytes, "memory"),
        (Resource::FileBytes, plan.output.map_or(0, |(_, bytes_max)| bytes_max), "written files"),
        (Resource::CoreBytes, 0, "core dumps"),
        (Resource::OpenFiles, OPEN_FILES_MAX, "open files"),
    ];
    let failed = limits.into_iter().filter_map(|(resource, value, what)| {
        let e = sys::limit(resource, value).err()?;
        Some(format!("the reader's {what} could not be limited ({e})"))
    });
    failed.collect()
}

/// Lets the process open the one media file (its standard input), and what ffmpeg needs to
/// start, and nothing else; write nothing but the file it was given for that; and execute nothing but ffmpeg and its loader.
fn restrict_files(plan: &Plan) -> Result<RulesetStatus, Box<dyn Error>> {
    // Version 6 (Linux 6.12): later ones add nothing that the call filter leaves open.
    let known = ABI::V6;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(known))?
        .handle_access(AccessNet::from_all(known))?
        .scope(Scope::from_all(known))?
        .create()?;
    let read: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let run = AccessFs::ReadFile | AccessFs::Execute;
    for library in &plan.libraries {
        rules = allow(rules, library, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    rules = allow(rules, Path::new("/etc/ld.so.cache"), read)?;
    rules = allow(rules, Path::new("/dev/null"), AccessFs::ReadFile | AccessFs::WriteFile)?;
    for program in plan.loader.iter().chain([&plan.program]) {
        rules = allow(rules, program, run)?;
    }
    let stdin = std::io::stdin();
    let media = stdin.as_fd().try_clone_to_owned().map(File::from)?;
    if media.metadata()?.is_file() {
        rules = rules.add_rule(PathBeneath::new(media, read))?;
    }
    if let Some((descriptor, _)) = plan.output {
        let written = format!("/proc/self/fd/{descriptor}");
        let write = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
        rules = allow(rules, Path::new(&written), write)?;
    }
    Ok(rules.restrict_self()?.ruleset)
}

/// Allows what is there; what is not there needs no permission.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: impl Into<BitFlags<AccessFs>>,
) -> Result<RulesetCreated, Box<dyn Error>> {
    let Ok(opened) = PathFd::new(path) else { return Ok(rules) };
    Ok(rules.add_rule(PathBeneath::new(opened, access.into()))?)
}

/// Refuses system calls by which a reader could reach the network, other processes, the kernel's
/// rarer corners, or the attributes of a file (which Landlock does not guard).
fn filter_calls() -> Result<(), Box<dyn Error>> {
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for &call in REFUSED.iter().chain(REFUSED_HERE) {
        refused.insert(call, Vec::new());
    }
    // A new thread is a clone that shares everything; any other clone is a new process.
    refused.insert(libc::SYS_clone, when(0, SeccompCmpOp::MaskedEq(CLONE_THREAD), 0)?);
    // Signals to itself only: abort needs one. Limits of itself only.
    let own = u64::from(std::process::id());
    refused.insert(libc::SYS_tgkill, when(0, SeccompCmpOp::Ne, own)?);
    refused.insert(libc::SYS_prlimit64, when(0, SeccompCmpOp::Ne, 0)?);
    // The 32-bit view of the same calls on x86-64 has numbers of its own.
    #[cfg(target_arch = "x86_64")]
    for (call, rules) in refused.clone() {
        refused.insert(call | X32_BIT, rules);
    }
    let refuse = |calls, errno: i32| {
        let action = SeccompAction::Errno(errno as u32);
        SeccompFilter::new(calls, SeccompAction::Allow, action, arch)
    };
    // The arguments of clone3 lie in memory, where a filter cannot look; "no such call" makes
    // the C library use clone.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    for filter in [refuse(clone3, libc::ENOSYS)?, refuse(refused, libc::EPERM)?] {
        let program: seccompiler::BpfProgram = filter.try_into()?;
        seccompiler::apply_filter(&program)?;
    }
    Ok(())
}

fn when(argument: u8, op: SeccompCmpOp, value: u64) -> Result<Vec<SeccompRule>, Box<dyn Error>> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}

const CLONE_THREAD: u64 = libc::CLONE_THREAD as u64;

#[cfg(target_arch = "x86_64")]
const X32_BIT: i64 = 0x4000_0000;

/// On every processor.
const REFUSED: &[i64] = &[
    // The network and every other socket.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_execveat,
    libc::SYS_setpgid,
    libc::SYS_setsid,
    // Memory and messages shared with others.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    // Rights, namespaces, mounts.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_capset,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setgroups,
    libc::SYS_personality,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Names, owners and times of files: the part of "never write to a source" that a file
    // opened for reading does not yet ensure.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_truncate,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_flock,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // The kernel's rarer corners, where its faults are found.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    libc::SYS_fanotify_init,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
];

/// Older calls that only this processor still has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_creat,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];
