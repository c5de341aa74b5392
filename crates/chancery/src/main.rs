//! The binary: command line, configuration, wiring, shutdown.

mod commands;
mod house;
mod output;
mod settings;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let arguments = commands::Arguments::parse();
    // One TLS implementation for all that follows; that it is set already cannot be.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    match commands::run(arguments) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) if error.is::<output::Unread>() => std::process::ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            std::process::ExitCode::FAILURE
        }
    }
}
