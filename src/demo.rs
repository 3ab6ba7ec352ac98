//! The bundled scenario: a project that plays itself in a temporary folder, with a Kubernetes API of its own.

pub mod api;
pub mod player;
pub mod project;
pub mod scenario;
