//! The runtime half that compiled C# expects and does not bring.
#![no_std]
