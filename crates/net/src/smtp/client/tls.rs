//! TLS towards servers: the system's certificate authorities, and those that the account names.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

/// The settings of every TLS connection of one account.
///
/// # Errors
/// Says what is wrong with the certificates, for the person who entered them.
pub(crate) fn client_config(root_ca_pem: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = extra_roots(root_ca_pem)?;
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
        .map_err(|error| format!("the certificate authorities cannot be used: {error}"))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn extra_roots(pem: Option<&str>) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(pem) = pem else { return Ok(Vec::new()) };
    let roots = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("the certificate authority is not PEM: {error}"))?;
    if roots.is_empty() { Err("the text holds no PEM certificate".to_owned()) } else { Ok(roots) }
}
