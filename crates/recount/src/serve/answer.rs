//! What is answered when something cannot be: `{"error": "one sentence"}` with a fitting status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::Error;

/// An answer that is no result.
#[derive(Debug)]
pub struct Failed {
    status: StatusCode,
    sentence: String,
}

impl Failed {
    /// With a sentence.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }

    /// What is asked for is not there.
    pub fn missing(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }

    /// What is asked for makes no sense.
    pub fn asked(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Asked { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Case(case::Error::UnknownSource(_)) => StatusCode::NOT_FOUND,
            Error::Case(case::Error::Busy { .. }) => StatusCode::CONFLICT,
            Error::Case(case::Error::Full { .. }) | Error::Full { .. } => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, sentence: error.to_string() }
    }
}

impl From<case::Error> for Failed {
    fn from(error: case::Error) -> Self {
        Error::Case(error).into()
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.sentence }))).into_response()
    }
}
