//! Python values in, checked: a wrong type is a `TypeError`, a wrong value a `ValueError`, and both
//! name the argument. What a value may be beyond its type, the core decides.

use std::{path::PathBuf, time::Duration};

use blockrun_llm::Usdc;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType},
};
use serde::{Serialize, de::DeserializeOwned};

/// Named arguments of one call. `None` and absent are the same.
pub(crate) struct Arguments<'a, 'py>(pub(crate) &'a Bound<'py, PyDict>);

impl<'py> Arguments<'_, 'py> {
    fn get(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.0.get_item(name)?.filter(|value| !value.is_none()))
    }

    fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str, &Bound<'py, PyAny>) -> PyResult<T>,
    ) -> PyResult<Option<T>> {
        self.get(name)?.map(|value| read(name, &value)).transpose()
    }

    /// A value that has no default, read by one of the methods below.
    pub(crate) fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> PyResult<Option<T>>,
    ) -> PyResult<T> {
        let missing = || PyTypeError::new_err(format!("{name}: expected a value, got None"));
        read(self, name)?.ok_or_else(missing)
    }

    /// A `str`.
    pub(crate) fn text(&self, name: &str) -> PyResult<Option<String>> {
        self.read(name, text)
    }

    /// A `str`, or a list or tuple of them.
    pub(crate) fn texts(&self, name: &str) -> PyResult<Vec<String>> {
        Ok(self.some_texts(name)?.unwrap_or_default())
    }

    /// The same; `None` where nothing was given, which an empty list is not.
    pub(crate) fn some_texts(&self, name: &str) -> PyResult<Option<Vec<String>>> {
        self.read(name, texts)
    }

    /// An `int` of 64 bits that is not negative; a `bool` is none.
    pub(crate) fn count(&self, name: &str) -> PyResult<Option<u64>> {
        self.read(name, count)
    }

    /// A `float` or `int`; a `bool` is none.
    pub(crate) fn number(&self, name: &str) -> PyResult<Option<f64>> {
        self.read(name, number)
    }

    /// Seconds as a `float` or `int`.
    pub(crate) fn seconds(&self, name: &str) -> PyResult<Option<Duration>> {
        let Some(seconds) = self.number(name)? else { return Ok(None) };
        let duration = Duration::try_from_secs_f64(seconds)
            .map_err(|cause| invalid(name, &format!("{seconds} seconds: {cause}")))?;
        Ok(Some(duration))
    }

    /// Dollars as an `int`, `float`, `str` or `Decimal`, exactly.
    pub(crate) fn dollars(&self, name: &str) -> PyResult<Option<Usdc>> {
        self.read(name, dollars)
    }

    /// One of a few words, each with its meaning.
    pub(crate) fn choice<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> PyResult<Option<T>> {
        let Some(given) = self.text(name)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == given);
        let (_, meaning) = found.ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            invalid(name, &format!("{given:?} is not one of {}", words.join(", ")))
        })?;
        Ok(Some(*meaning))
    }

    /// A `bool`.
    pub(crate) fn flag(&self, name: &str) -> PyResult<Option<bool>> {
        self.read(name, |name, value| {
            let flag = value.cast::<PyBool>().map_err(|_| mistyped(name, "a bool", value))?;
            Ok(flag.is_true())
        })
    }

    /// An object of the Python half.
    pub(crate) fn any(&self, name: &str) -> PyResult<Option<Py<PyAny>>> {
        Ok(self.get(name)?.map(Bound::unbind))
    }

    /// `bytes`.
    pub(crate) fn bytes(&self, name: &str) -> PyResult<Option<Vec<u8>>> {
        self.read(name, |name, value| {
            let bytes = value.cast::<PyBytes>().map_err(|_| mistyped(name, "bytes", value))?;
            Ok(bytes.as_bytes().to_vec())
        })
    }

    /// A list of pairs of `str`.
    pub(crate) fn pairs(&self, name: &str) -> PyResult<Vec<(String, String)>> {
        Ok(self.read(name, |_, value| value.extract())?.unwrap_or_default())
    }

    /// A `str` or `os.PathLike`.
    pub(crate) fn path(&self, name: &str) -> PyResult<Option<PathBuf>> {
        self.read(name, |name, value| {
            value.extract().map_err(|_| mistyped(name, "a str or os.PathLike", value))
        })
    }

    /// JSON, which the Python half has written as text.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> PyResult<Option<T>> {
        self.read(name, |name, value| from_json(name, &text(name, value)?))
    }
}

/// Reads JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(name: &str, text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|cause| invalid(name, &cause.to_string()))
}

/// Writes JSON text. Never by way of `Value`, which holds no amount above 64 bits.
pub(crate) fn to_json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|cause| PyValueError::new_err(cause.to_string()))
}

/// `TypeError` that names the argument.
pub(crate) fn mistyped(name: &str, wanted: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let got = value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
    PyTypeError::new_err(format!("{name}: expected {wanted}, got {got}"))
}

/// `ValueError` that names the argument.
pub(crate) fn invalid(name: &str, problem: &str) -> PyErr {
    PyValueError::new_err(format!("{name}: {problem}"))
}

fn text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let string = value.cast::<PyString>().map_err(|_| mistyped(name, "a str", value))?;
    // Fails for lone surrogates only.
    Ok(string.to_str().map_err(|_| invalid(name, "is not valid Unicode"))?.to_owned())
}

fn texts(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if value.is_instance_of::<PyString>() {
        return Ok(vec![text(name, value)?]);
    }
    if !value.is_instance_of::<PyList>() && !value.is_instance_of::<PyTuple>() {
        return Err(mistyped(name, "a str or a list of str", value));
    }
    value.try_iter()?.enumerate().map(|(at, item)| text(&format!("{name}[{at}]"), &item?)).collect()
}

fn count(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    if value.is_instance_of::<PyBool>() {
        return Err(mistyped(name, "an int", value));
    }
    value.extract().map_err(|cause: PyErr| match cause.is_instance_of::<PyTypeError>(value.py()) {
        true => mistyped(name, "an int", value),
        false => invalid(name, &format!("{value} is out of range")),
    })
}

fn number(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    if value.is_instance_of::<PyBool>() {
        return Err(mistyped(name, "a float", value));
    }
    value.extract().map_err(|cause: PyErr| match cause.is_instance_of::<PyTypeError>(value.py()) {
        true => mistyped(name, "a float", value),
        false => invalid(name, &format!("{value} is out of range")),
    })
}

fn dollars(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Usdc> {
    let amount = if value.is_instance_of::<PyBool>() {
        return Err(mistyped(name, "dollars as an int, float, str or Decimal", value));
    } else if let Ok(float) = value.cast::<PyFloat>() {
        Usdc::from_dollars(float.value())
    } else if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyString>() {
        text(name, value.str()?.as_any())?.parse()
    } else if value.is_instance(decimal(value.py())?)? {
        text(name, &value.call_method1("__format__", ("f",))?)?.parse()
    } else {
        return Err(mistyped(name, "dollars as an int, float, str or Decimal", value));
    };
    amount.map_err(|cause| invalid(name, cause.message().trim_start_matches("amount: ")))
}

fn decimal(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DECIMAL.import(py, "decimal", "Decimal")
}
