//! Answering people elsewhere: only with a password, and only over TLS.
//!
//! In: an address of this machine and the names of three files. Out: what the server needs for it, or
//! a sentence that says what is missing. Certificate and key are the person's own; none is made here.

use std::fs;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::Error;

/// Whoever sits on the network can try one a second, so a short one would be found.
const PASSWORD_CHARS_MIN: usize = 12;

/// A password is a line; what is longer is another file.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// Where a person wants the server to answer.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// An address of this machine; none: loopback.
    pub listen: Option<IpAddr>,
    /// The port; none: our own, or any that is free.
    pub port: Option<u16>,
    /// A file with the password on its first line.
    pub password_file: Option<PathBuf>,
    /// The certificate, and those that vouch for it (PEM).
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM).
    pub tls_key: Option<PathBuf>,
}

/// What it takes to answer people elsewhere.
#[derive(Clone, Debug)]
pub struct Network {
    /// What they are asked for.
    pub password: String,
    /// How it stays between them and us.
    pub tls: Arc<ServerConfig>,
}

impl Wanted {
    /// The address to answer on.
    pub fn ip(&self) -> IpAddr {
        self.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// Nothing where only this machine is answered.
    ///
    /// # Errors
    /// If anything is missing or cannot be used.
    pub fn network(&self) -> Result<Option<Network>, Error> {
        match (&self.password_file, &self.tls_cert, &self.tls_key) {
            (None, None, None) if self.ip().is_loopback() => Ok(None),
            (Some(password), Some(cert), Some(key)) => {
                Ok(Some(Network { password: read_password(password)?, tls: tls(cert, key)? }))
            }
            _ => Err(Error::Asked {
                what: format!(
                    "to answer on {} it takes --password-file, --tls-cert and --tls-key",
                    if self.ip().is_loopback() {
                        "a network".to_owned()
                    } else {
                        self.ip().to_string()
                    }
                ),
                hint: "give all three, or leave them and --listen out and reach this machine by ssh -L",
            }),
        }
    }
}

fn read_password(path: &Path) -> Result<String, Error> {
    must_be_private(path)?;
    let mut text = String::new();
    let read = fs::File::open(path)
        .and_then(|file| file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text));
    read.map_err(Error::file("read the password in", path))?;
    let password = text.lines().next().unwrap_or("").trim();
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(Error::Asked {
            what: format!("the password has fewer than {PASSWORD_CHARS_MIN} characters"),
            hint: "write a longer one on the first line of its file",
        });
    }
    Ok(password.to_owned())
}

/// What others on this machine can read is no secret.
fn must_be_private(path: &Path) -> Result<(), Error> {
    let status = fs::metadata(path).map_err(Error::file("look at", path))?;
    if status.mode() & 0o077 != 0 {
        return Err(Error::Asked {
            what: format!("other users of this machine may read it: {}", path.display()),
            hint: "make it yours alone with chmod 600",
        });
    }
    Ok(())
}

fn tls(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, Error> {
    must_be_private(key)?;
    let unfit = |path: &Path, why: &dyn std::fmt::Display| Error::Asked {
        what: format!("it cannot be used for TLS ({why}): {}", path.display()),
        hint: "a certificate and its key are two PEM files",
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(cert).map_err(|error| unfit(cert, &error))?.collect();
    let chain = chain.map_err(|error| unfit(cert, &error))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| unfit(key, &error))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key_der);
    let mut config = config.map_err(|error| unfit(cert, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn wanted(listen: &str) -> Wanted {
        Wanted { listen: Some(listen.parse().unwrap()), ..Wanted::default() }
    }

    #[test]
    fn beyond_this_machine_it_takes_a_password_and_tls() {
        assert!(wanted("127.0.0.1").network().unwrap().is_none());
        assert!(wanted("::1").network().unwrap().is_none());
        for address in ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1"] {
            let refused = wanted(address).network().unwrap_err().to_string();
            assert!(refused.contains("--password-file"), "{refused}");
        }
        let half = Wanted { tls_cert: Some("cert.pem".into()), ..wanted("127.0.0.1") };
        assert!(half.network().is_err());
    }

    #[test]
    fn a_password_that_others_may_read_or_guess_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let with = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read_password(&path)
        };
        assert_eq!(with("correct horse battery\nnote\n", 0o600).unwrap(), "correct horse battery");
        assert!(with("correct horse battery\n", 0o644).is_err());
        assert!(with("short\n", 0o600).is_err());
        assert!(with("\n\n", 0o600).is_err());
        assert!(read_password(&folder.path().join("none")).is_err());
    }
}
