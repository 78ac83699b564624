//! The program itself, as somebody would run it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client::Client;
use super::database::Database;

pub const SECRET: &str = "a secret for benchmarks only, long enough";

pub struct Server {
    pub address: SocketAddr,
    /// From the start of the process to its first "ready".
    pub start: Duration,
    child: Child,
    _folder: TempDir,
}

impl Server {
    pub async fn start(database: &Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_zamu"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .env_clear()
            .env("ZAMU_SECRET", SECRET)
            .env(
                "ZAMU_RULES_DIR",
                Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"),
            )
            .env("DATABASE_URL", &database.url)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let address = listening(&mut child);
        let mut client = Client::connect(address).await;
        while !client.is_fine("/health/ready").await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self {
            address,
            start: begun.elapsed(),
            child,
            _folder: folder,
        }
    }

    /// Stands still while something else is measured: it would number the other's events at the same time.
    pub fn pause(&self, pause: bool) {
        let signal = if pause { "-STOP" } else { "-CONT" };
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.unwrap().success());
    }

    /// Processor time the server has used, in the kernel too. Steadier than anything by the clock where others work on
    /// the same machine.
    pub fn processor(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2);
        // A tick is a hundredth of a second on every Linux there is.
        ticks
            .map(|ticks| Duration::from_millis(10) * ticks.parse().unwrap())
            .sum()
    }

    /// The memory that is the server's now, in MiB.
    pub fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1024
    }
}

/// Reads the log up to the line that says where; the rest goes to our own standard error.
fn listening(child: &mut Child) -> SocketAddr {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.by_ref().find_map(|line| {
        let line = line.unwrap();
        let (_, rest) = line.split_once("http://")?;
        rest.split('/').next()?.parse().ok()
    });
    std::thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .for_each(|line| eprintln!("{line}"))
    });
    address.unwrap_or_else(|| panic!("the server did not start"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
