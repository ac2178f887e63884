//! What a request would cost on AWS: public on-demand prices of eu-central-1 (Frankfurt), in US dollars, without
//! the free tier and taxes.

/// HTTP API: first 300 million requests a month, per request (metered in steps of 512 KiB).
const GATEWAY_REQUEST: f64 = 1.20 / 1_000_000.0;
/// Lambda: per invocation.
const LAMBDA_REQUEST: f64 = 0.20 / 1_000_000.0;
/// Lambda on arm64: per GB-second, initialisation included.
const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
/// DynamoDB on demand: per read request unit.
const READ_UNIT: f64 = 0.1525 / 1_000_000.0;
/// DynamoDB on demand: per write request unit.
const WRITE_UNIT: f64 = 0.7625 / 1_000_000.0;
/// S3 Standard: per object put. Deleting one is free; keeping it is priced by the month, not by the request.
const OBJECT_PUT: f64 = 5.40 / 1_000_000.0;
/// S3 Standard: per object got.
const OBJECT_GET: f64 = 0.43 / 1_000_000.0;

/// Data transfer out to the internet: the first 10 TB a month, per GB (2^30 bytes). Into AWS, and between its services in
/// one region, it is free.
const EGRESS_GB: f64 = 0.09;
/// CloudWatch: per GB of log lines taken in.
const LOG_GB: f64 = 0.63;
/// SES: per mail.
const MAIL: f64 = 0.10 / 1000.0;
const GB: f64 = 1_073_741_824.0;

/// What was used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Requests through the HTTP API.
    pub(crate) gateway_requests: f64,
    /// Invocations of functions.
    pub(crate) invocations: f64,
    /// Milliseconds of run time in all, initialisation included.
    pub(crate) function_ms: f64,
    /// Memory of the function in MiB.
    pub(crate) memory_mib: u32,
    /// Read request units.
    pub(crate) read_units: f64,
    /// Write request units.
    pub(crate) write_units: f64,
    /// Objects put, once for each try.
    pub(crate) object_puts: f64,
    /// Objects got, once for each try.
    pub(crate) object_gets: f64,
    /// Bytes sent to the client: status, headers and body, without what TLS and TCP add.
    pub(crate) egress_bytes: f64,
    /// Bytes of log lines.
    pub(crate) log_bytes: f64,
    /// Mails.
    pub(crate) mails: f64,
}

impl Usage {
    /// The price in US dollars. Run time is this machine's, not Lambda's, and billed by the millisecond, rounded up.
    pub(crate) fn price_usd(&self) -> f64 {
        let gigabytes = f64::from(self.memory_mib) / 1024.0;
        let compute = self.function_ms.ceil() / 1000.0 * gigabytes * LAMBDA_GB_SECOND;
        self.gateway_requests * GATEWAY_REQUEST
            + self.invocations * LAMBDA_REQUEST
            + compute
            + self.read_units * READ_UNIT
            + self.write_units * WRITE_UNIT
            + self.object_puts * OBJECT_PUT
            + self.object_gets * OBJECT_GET
            + self.egress_bytes / GB * EGRESS_GB
            + self.log_bytes / GB * LOG_GB
            + self.mails * MAIL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_sum_of_its_parts() {
        let usage = Usage {
            gateway_requests: 1.0,
            invocations: 1.0,
            function_ms: 9.2,
            memory_mib: 1024,
            read_units: 2.0,
            write_units: 1.0,
            object_puts: 2.0,
            object_gets: 1.0,
            egress_bytes: 1_048_576.0,
            log_bytes: 2.0 * 1_048_576.0,
            mails: 1.0,
        };
        let database = 2.0 * 0.1525e-6 + 0.7625e-6;
        let objects = 2.0 * 5.4e-6 + 0.43e-6;
        let expected =
            1.2e-6 + 0.2e-6 + 0.01 * 0.000_013_333_4 + database + objects + (0.09 + 2.0 * 0.63) / 1024.0 + 1e-4;
        assert!((usage.price_usd() - expected).abs() < 1e-12);
        assert!(Usage::default().price_usd().abs() < f64::EPSILON);
    }
}
