//! How a coroutine hears of its call: news go to a queue of its event loop.
//!
//! One thread takes the news of all calls to all event loops, as many at a time as there are: it
//! alone waits for the GIL, and each loop is woken once for all of them. It is out of the
//! interpreter before that ends: up to Python 3.13 a thread that comes back for the GIL then, as after
//! the `send` with which asyncio wakes a loop, is ended from outside. PyO3 guards its own way to the GIL
//! and not that one, no Rust code survives it, and the process is aborted.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use pyo3::{IntoPyObjectExt, exceptions::PyRuntimeError, prelude::*, sync::PyOnceLock};

use crate::{call::Ready, questions::Question};

/// What a waiting thread or coroutine hears of.
pub(crate) enum News {
    Done(Ready),
    /// The task panicked.
    Lost(String),
    Asked(Question),
}

/// The queue of one call.
pub(crate) struct Inbox {
    event_loop: Py<PyAny>,
    queue: Py<PyAny>,
    office: Sender<Letter>,
}

impl Inbox {
    pub(crate) fn send(self: &Arc<Self>, news: News) {
        // The thread lives as long as the process.
        let _sent = self.office.send(Letter { inbox: Arc::clone(self), news });
    }
}

struct Letter {
    inbox: Arc<Inbox>,
    news: News,
}

/// Where all news of a process are handed in.
#[derive(Debug)]
pub(crate) struct PostOffice {
    letters: Sender<Letter>,
    door: Arc<Door>,
}

impl PostOffice {
    /// Starts the thread.
    pub(crate) fn open() -> io::Result<Self> {
        let (sender, letters) = channel();
        let door = Arc::<Door>::default();
        let postman = Arc::clone(&door);
        thread::Builder::new()
            .name("blockrun-mail".to_owned())
            .spawn(move || carry(&letters, &postman))?;
        Ok(Self { letters: sender, door })
    }

    /// A queue, `asyncio.Queue`, of an event loop.
    pub(crate) fn inbox(&self, event_loop: Py<PyAny>, queue: Py<PyAny>) -> PyResult<Arc<Inbox>> {
        if self.door.closed.load(Ordering::Acquire) {
            return Err(PyRuntimeError::new_err("the program ends; no call begins any more"));
        }
        Ok(Arc::new(Inbox { event_loop, queue, office: self.letters.clone() }))
    }

    /// Brings no more news; returns when the thread is out of the interpreter.
    pub(crate) fn close(&self, py: Python<'_>) {
        self.door.closed.store(true, Ordering::Release);
        py.detach(|| self.door.while_nobody_else_is_inside(|| ()));
    }
}

/// What the thread goes through, in and out of the interpreter.
#[derive(Debug, Default)]
struct Door {
    closed: AtomicBool,
    /// Held while the thread is inside, or waits for the GIL.
    inside: Mutex<()>,
}

impl Door {
    fn while_nobody_else_is_inside<T>(&self, act: impl FnOnce() -> T) -> T {
        let _inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        act()
    }
}

fn carry(letters: &Receiver<Letter>, door: &Door) {
    while let Ok(first) = letters.recv() {
        let delivered = door.while_nobody_else_is_inside(|| {
            if door.closed.load(Ordering::Acquire) {
                return None;
            }
            Python::try_attach(|py| {
                // Those that came while this thread waited for the GIL.
                let letters = std::iter::once(first).chain(letters.try_iter());
                for (event_loop, bag) in sorted(py, letters) {
                    // A loop that was closed has no coroutine left that waits.
                    let _delivered = deliver(py, &event_loop, bag);
                }
            })
        });
        if delivered.is_none() {
            // The interpreter ends.
            return;
        }
    }
}

type Bag<'py> = Vec<(Py<PyAny>, Bound<'py, PyAny>)>;

fn sorted(py: Python<'_>, letters: impl Iterator<Item = Letter>) -> Vec<(Py<PyAny>, Bag<'_>)> {
    let mut bags: Vec<(Py<PyAny>, Bag<'_>)> = Vec::new();
    for Letter { inbox, news } in letters {
        let Ok(news) = told(py, news) else { continue };
        let letter = (inbox.queue.clone_ref(py), news);
        match bags.iter_mut().find(|(event_loop, _)| event_loop.is(&inbox.event_loop)) {
            Some((_, bag)) => bag.push(letter),
            None => bags.push((inbox.event_loop.clone_ref(py), vec![letter])),
        }
    }
    bags
}

/// A question as it is, the end of a call as its value and its error, one of which is `None`.
fn told(py: Python<'_>, news: News) -> PyResult<Bound<'_, PyAny>> {
    let ended = match news {
        News::Asked(question) => return question.into_bound_py_any(py),
        News::Done(ready) => ready(py),
        News::Lost(why) => Err(PyRuntimeError::new_err(why)),
    };
    match ended {
        Ok(value) => (value, py.None()).into_bound_py_any(py),
        Err(error) => (py.None(), error.into_value(py)).into_bound_py_any(py),
    }
}

fn deliver(py: Python<'_>, event_loop: &Py<PyAny>, bag: Bag<'_>) -> PyResult<()> {
    static DELIVER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

    let deliver = DELIVER.import(py, "blockrun_llm._waiting", "deliver")?;
    event_loop.call_method1(py, "call_soon_threadsafe", (deliver, bag)).map(drop)
}
