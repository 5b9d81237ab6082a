//! Work that goes on beside the page: what it is, how far it is, and how to stop it.
//!
//! Each job counts something real; the time left is what the pace so far says. The last of those
//! that have ended stay listed, so that a window opened later sees how they ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::broadcast;

use crate::desk::Desk;
use crate::error::Error;
use crate::event::{Event, Unit};
use crate::stop::Stop;

use super::News;

/// Jobs that have ended and are still listed.
const ENDED_MAX: usize = 20;

/// Between two tellings of how far a job is.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Job {
    /// Its number, for stopping it.
    pub id: u32,
    /// What it does, for a person.
    pub what: String,
    /// How much is done, in `unit`s.
    #[cfg_attr(test, ts(type = "number"))]
    pub done: u64,
    /// Of how much; 0 while that is not known.
    #[cfg_attr(test, ts(type = "number"))]
    pub total: u64,
    /// What is counted.
    pub unit: String,
    /// Seconds left, at the pace so far.
    pub left_s: Option<f64>,
    /// Whether it goes on.
    pub state: State,
    /// What there is to say of it: how it ended, what it waits for.
    pub said: Option<String>,
}

/// Whether a job goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "JobState"))]
pub enum State {
    /// It goes on.
    Running,
    /// It is done.
    Done,
    /// It could not be done; what was said says why.
    Failed,
    /// A person stopped it.
    Stopped,
}

/// All jobs of a server.
#[derive(Debug)]
pub struct Jobs {
    listed: Mutex<Listed>,
    news: broadcast::Sender<News>,
}

#[derive(Debug, Default)]
struct Listed {
    last: u32,
    jobs: BTreeMap<u32, Kept>,
    /// No further job is to begin.
    closed: bool,
}

#[derive(Debug)]
struct Kept {
    job: Job,
    stop: Stop,
    began: Instant,
    told: Instant,
}

/// The right to tell of a job; dropped without a word, the job has failed.
#[derive(Debug)]
pub struct Ticket {
    jobs: Arc<Jobs>,
    id: u32,
    stop: Stop,
}

impl Jobs {
    /// None yet; what becomes of them is told to `news`.
    pub fn new(news: broadcast::Sender<News>) -> Arc<Self> {
        Arc::new(Self { listed: Mutex::default(), news })
    }

    /// A new job.
    pub fn begin(self: &Arc<Self>, what: impl Into<String>) -> Ticket {
        let mut listed = self.listed();
        listed.last += 1;
        let (id, now, stop) = (listed.last, Instant::now(), Stop::default());
        if listed.closed {
            stop.ask();
        }
        let job = Job {
            id,
            what: what.into(),
            done: 0,
            total: 0,
            unit: String::new(),
            left_s: None,
            state: State::Running,
            said: None,
        };
        self.tell(&job);
        listed.jobs.insert(id, Kept { job, stop: stop.clone(), began: now, told: now });
        let mut ended: Vec<u32> = listed
            .jobs
            .values()
            .filter(|kept| kept.job.state != State::Running)
            .map(|kept| kept.job.id)
            .collect();
        ended.truncate(ended.len().saturating_sub(ENDED_MAX));
        for id in ended {
            listed.jobs.remove(&id);
        }
        drop(listed);
        Ticket { jobs: Arc::clone(self), id, stop }
    }

    /// Those that go on and the last that ended, oldest first.
    pub fn list(&self) -> Vec<Job> {
        self.listed().jobs.values().map(|kept| kept.job.clone()).collect()
    }

    /// Asks a job to stop; false if there is none of that number.
    pub fn stop(&self, id: u32) -> bool {
        let listed = self.listed();
        let found = listed.jobs.get(&id);
        found.inspect(|kept| kept.stop.ask()).is_some()
    }

    /// Asks all jobs to stop, also those that begin later.
    pub fn close(&self) {
        let mut listed = self.listed();
        listed.closed = true;
        for kept in listed.jobs.values() {
            kept.stop.ask();
        }
    }

    fn change(&self, id: u32, is_urgent: bool, change: impl FnOnce(&mut Job, Duration)) {
        let mut listed = self.listed();
        let Some(kept) = listed.jobs.get_mut(&id) else { return };
        change(&mut kept.job, kept.began.elapsed());
        if is_urgent || kept.told.elapsed() >= TOLD_EVERY {
            kept.told = Instant::now();
            self.tell(&kept.job);
        }
    }

    fn tell(&self, job: &Job) {
        // Nobody may be looking.
        let _ = self.news.send(News::Job(job.clone()));
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Its number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether somebody has asked the job to stop.
    pub fn stopped(&self) -> bool {
        self.stop.asked()
    }

    /// So much of so much is done.
    pub fn advance(&self, done: u64, total: u64, unit: &str) {
        self.jobs.change(self.id, false, |job, so_far| {
            (job.done, job.total) = (done.min(total.max(done)), total);
            if job.unit != unit {
                unit.clone_into(&mut job.unit);
            }
            job.left_s = left_s(done, total, so_far);
        });
    }

    /// Something to know meanwhile; nothing more to know, if empty.
    pub fn say(&self, said: &str) {
        let said = (!said.is_empty()).then(|| said.to_owned());
        self.jobs.change(self.id, true, |job, _| job.said = said);
    }

    /// What was said last.
    pub fn said(&self) -> Option<String> {
        self.jobs.listed().jobs.get(&self.id).and_then(|kept| kept.job.said.clone())
    }

    /// A desk for the steps: what they tell is told of this job, and they stop when it is to.
    pub fn desk(self: &Arc<Self>) -> Desk {
        let ticket = Arc::clone(self);
        Desk::heard_by(self.stop.clone(), Box::new(move |event| ticket.hear(event)))
    }

    /// How it ended, with a sentence.
    pub fn end(&self, ended: Result<Option<String>, Error>) {
        match ended {
            Ok(said) => self.end_as(State::Done, said),
            Err(error) if error.exit_code() == 3 => self.end_as(State::Stopped, None),
            Err(error) => self.end_as(State::Failed, Some(error.to_string())),
        }
    }

    fn end_as(&self, state: State, said: Option<String>) {
        self.jobs.change(self.id, true, |job, _| {
            if job.state == State::Running {
                (job.state, job.left_s) = (state, None);
                job.said = said.or(job.said.take().filter(|_| state == State::Done));
            }
        });
    }

    fn hear(&self, event: &Event) {
        match event {
            Event::Started { step, .. } => self.say(step.doing()),
            Event::Advanced { unit, done, total, .. } => self.advance(*done, *total, word(*unit)),
            Event::Refused { file, reason, .. } => self.say(&format!("{reason}: {file}")),
            Event::Warned { warning } => self.say(warning),
            Event::Noted { .. } | Event::Finished { .. } => {}
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.end_as(State::Failed, Some("it ended without a word; that is a bug".to_owned()));
    }
}

fn word(unit: Unit) -> &'static str {
    match unit {
        Unit::Files => "files",
        Unit::Bytes => "bytes",
        Unit::Seconds => "seconds",
        Unit::Comparisons => "comparisons",
    }
}

/// What is left at the pace so far; nothing before that can be told.
fn left_s(done: u64, total: u64, so_far: Duration) -> Option<f64> {
    let can_be_told = done > 0 && total > done && so_far > Duration::from_secs(1);
    can_be_told.then(|| so_far.as_secs_f64() * (total - done) as f64 / done as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> (Arc<Jobs>, broadcast::Receiver<News>) {
        let (news, heard) = broadcast::channel(64);
        (Jobs::new(news), heard)
    }

    #[test]
    fn a_job_that_ends_says_how_and_one_that_is_dropped_has_failed() {
        let (jobs, mut heard) = jobs();
        let ticket = jobs.begin("solving");
        ticket.advance(1, 2, "files");
        ticket.end(Ok(Some("3 placed".to_owned())));
        drop(ticket);
        drop(jobs.begin("lost"));
        let stopped = jobs.begin("long");
        assert!(jobs.stop(stopped.id()) && stopped.stopped() && !jobs.stop(99));
        stopped.end(Err(Error::Stopped));
        let states: Vec<State> = jobs.list().iter().map(|job| job.state).collect();
        assert_eq!(states, [State::Done, State::Failed, State::Stopped]);
        assert_eq!(jobs.list()[0].said.as_deref(), Some("3 placed"));
        assert!(matches!(heard.try_recv(), Ok(News::Job(_))));
    }

    #[test]
    fn only_the_last_that_ended_stay_listed() {
        let (jobs, _heard) = jobs();
        let running = jobs.begin("runs");
        for _ in 0..50 {
            jobs.begin("ends").end(Ok(None));
        }
        assert!(jobs.list().len() <= ENDED_MAX + 2);
        assert_eq!(jobs.list()[0].id, running.id());
        jobs.close();
        assert!(running.stopped() && jobs.begin("late").stopped());
        running.end(Ok(None));
    }

    #[test]
    fn the_time_left_follows_the_pace() {
        let ten = Duration::from_secs(10);
        assert_eq!(left_s(1, 4, ten), Some(30.0));
        assert_eq!((left_s(0, 4, ten), left_s(4, 4, ten), left_s(1, 0, ten)), (None, None, None));
    }
}
