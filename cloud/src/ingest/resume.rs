//! A restored device goes on: a new epoch, once per start of its agent.

use sealtrace_protocol::ids::Epoch;
use sealtrace_protocol::link::Resumed;
use sealtrace_protocol::signing::Sealed;

use super::IngestError;
use crate::cloud::Cloud;
use crate::devices::Device;
use crate::store::streams;
use crate::writing;

/// Grants a device a new epoch. The same start of its agent asking again is granted the same one.
pub async fn resume(cloud: &Cloud, device: &Device, bytes: &[u8]) -> Result<Resumed, IngestError> {
    let granted = grant(cloud, device, bytes).await;
    match &granted {
        Ok(Resumed { epoch }) => {
            tracing::warn!(device.id = %device.id, stream.epoch = %epoch, "a device resumes");
        }
        // Ours, and logged with its causes where it is answered.
        Err(IngestError::Store(_) | IngestError::NoStream) => {}
        Err(error) => {
            let reason = error.code();
            tracing::warn!(device.id = %device.id, reason, error = %error, "a request to resume was refused");
        }
    }
    granted
}

async fn grant(cloud: &Cloud, device: &Device, bytes: &[u8]) -> Result<Resumed, IngestError> {
    let sealed = Sealed::from_bytes(bytes).map_err(IngestError::Unreadable)?;
    let request = sealed.verify_resume(&device.key).map_err(IngestError::Unverified)?;
    if request.device != device.id {
        return Err(IngestError::OtherDevice { sender: device.id, named: request.device });
    }
    let now = cloud.clock.now();
    writing!(cloud.store, |tx| {
        let current = streams::current(tx, device.id).await?.ok_or(IngestError::NoStream)?;
        let (current, frozen) = (current.head.epoch, current.frozen);
        match streams::granted_to(tx, device.id, &request.boot).await? {
            Some(epoch) if epoch == current => return Ok(Resumed { epoch }),
            Some(_) => return Err(IngestError::StaleResume { epoch: current }),
            // Whoever forked a stream, perhaps with a stolen key, does not thaw it by asking.
            None if frozen => return Err(IngestError::Frozen { epoch: current }),
            None => {}
        }
        let epoch = Epoch(current.get().saturating_add(1));
        streams::close(tx, device.id, current, now).await?;
        streams::start(tx, device.id, epoch, &request.boot, now).await?;
        Ok::<_, IngestError>(Resumed { epoch })
    })
}
