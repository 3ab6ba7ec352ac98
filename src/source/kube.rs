//! (under construction: kube)
