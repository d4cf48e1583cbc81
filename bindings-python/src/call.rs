//! [`Call`]: work of the core that has not begun, to be waited for by a thread or a coroutine.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use blockrun_llm::Result;
use pyo3::{IntoPyObjectExt, exceptions::PyRuntimeError, prelude::*};
use tokio::task::{AbortHandle, JoinHandle};

use crate::{
    errors::exception,
    mail::News,
    owned::Owner,
    questions::{DESK, Desk},
    runtime::{self, lost},
};

/// What a call brought, still to be made a Python value under the GIL.
pub(crate) type Ready = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// What a call does.
pub(crate) type Work = Pin<Box<dyn Future<Output = Ready> + Send>>;

/// A call that is made when somebody waits for it, once.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct Call {
    owner: Owner,
    /// Answers the questions of a thread's call.
    desk: Option<Py<PyAny>>,
    state: Mutex<State>,
}

enum State {
    New(Work),
    Running { task: AbortHandle, end: JoinHandle<()> },
    Over,
}

impl Call {
    /// A call that does `work` and shows what it brought; `desk` answers its questions.
    pub(crate) fn new<T, V>(
        py: Python<'_>,
        desk: &Option<Py<PyAny>>,
        work: impl Future<Output = Result<T>> + Send + 'static,
        show: impl FnOnce(T) -> PyResult<V> + Send + 'static,
    ) -> Self
    where
        T: Send,
        V: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        let work = async move {
            // Outside the GIL, like everything else that takes time.
            let ended = work.await.map(show);
            Box::new(move |py: Python<'_>| match ended {
                Ok(value) => value?.into_py_any(py),
                Err(error) => Err(exception(py, &error)),
            }) as Ready
        };
        let state = Mutex::new(State::New(Box::pin(work)));
        let desk = desk.as_ref().map(|desk| desk.clone_ref(py));
        Self { owner: Owner::new(), desk, state }
    }

    fn start(&self) -> PyResult<Work> {
        self.owner.check()?;
        match self.replace(State::Over) {
            State::New(work) => Ok(work),
            state => {
                self.replace(state);
                Err(PyRuntimeError::new_err("a call is made once"))
            }
        }
    }

    fn replace(&self, state: State) -> State {
        mem::replace(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}

#[pymethods]
impl Call {
    /// Makes the call on this thread and returns what it brought.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let ready = runtime::wait(py, self.start()?, |question| match &self.desk {
            Some(desk) => desk.call_method1(py, "answer", (question,)).map(drop),
            None => Ok(()),
        })?;
        ready(py)
    }

    /// Makes the call and puts its questions and its end into the queue of an event loop.
    fn post(&self, event_loop: Py<PyAny>, queue: Py<PyAny>) -> PyResult<()> {
        let work = self.start()?;
        let (runtime, office) = runtime::current()?;
        let inbox = office.inbox(event_loop, queue)?;
        let task = runtime.spawn(DESK.scope(Desk::Inbox(inbox.clone()), work));
        let abort = task.abort_handle();
        let end = runtime.spawn(async move {
            match task.await {
                Ok(ready) => inbox.send(News::Done(ready)),
                // Whoever cancels does not wait for news.
                Err(cause) if cause.is_cancelled() => {}
                Err(cause) => inbox.send(News::Lost(lost(&cause))),
            }
        });
        self.replace(State::Running { task: abort, end });
        Ok(())
    }

    /// Drops a posted call; returns when the core has closed its books on it.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        if let State::Running { task, end } = self.replace(State::Over) {
            task.abort();
            runtime::linger(py, end)?;
        }
        Ok(())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let state = self.replace(State::Over);
        if let State::Running { task, .. } = &state
            && self.owner.check().is_ok()
        {
            // Nobody is left to hear of it.
            task.abort();
        }
        self.owner.drop_or_leave(state);
    }
}
