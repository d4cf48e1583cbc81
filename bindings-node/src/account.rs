//! Who pays, what was paid, and what became of it.

use napi::{
    Env,
    bindgen_prelude::{BigInt, ClassInstance, PromiseRaw, Result, block_on},
};
use napi_derive::napi;

use crate::{
    cancel::{CancelHandle, cancellable},
    client::NativeClient,
    convert::PaymentsInput,
    errors::core,
    output::{
        AnswerOutput, JournalOutput, PaymentOutput, ReconciliationOutput, SpendingOutput, micro,
    },
};

#[napi]
impl NativeClient {
    /// The wallet that pays, as a checksummed address; nothing with an API key.
    #[napi(getter, catch_unwind)]
    pub fn address(&self) -> Result<Option<String>> {
        Ok(self.client()?.address().map(|address| address.to_string()))
    }

    /// `wallet` or `apikey`.
    #[napi(getter, catch_unwind)]
    pub fn payment_mode(&self) -> Result<&'static str> {
        Ok(self.client()?.payment_mode().name())
    }

    /// Whether the endpoint takes test money.
    #[napi(getter, catch_unwind)]
    pub fn is_testnet(&self) -> Result<bool> {
        Ok(self.client()?.is_testnet())
    }

    /// What the wallet holds, in micro-USDC.
    #[napi(catch_unwind)]
    pub fn balance<'env>(
        &self,
        env: &'env Env,
        network: Option<String>,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, BigInt>> {
        let client = self.client()?;
        let call = async move { Ok(micro(core(client.balance(network.as_deref()).await)?)) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// Sums over what this client paid. Waits for the journal, some microseconds.
    #[napi(catch_unwind)]
    pub fn spending(&self) -> Result<SpendingOutput> {
        let client = self.client()?;
        Ok(core(block_on(async move { client.spending().await }))?.into())
    }

    /// Recorded payments. Waits for the journal, some microseconds and more by the row.
    #[napi(catch_unwind)]
    pub fn payments(&self, input: PaymentsInput) -> Result<Vec<PaymentOutput>> {
        let (client, filter) = (self.client()?, core(input.into_filter())?);
        let payments = core(block_on(async move { client.payments(filter).await }))?;
        Ok(payments.into_iter().map(Into::into).collect())
    }

    /// Asks the chain about open payments.
    #[napi(catch_unwind)]
    pub fn reconcile<'env>(
        &self,
        env: &'env Env,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, ReconciliationOutput>> {
        let client = self.client()?;
        let call = async move { Ok(core(client.reconcile().await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The answer of a paid call, fetched again.
    #[napi(catch_unwind)]
    pub fn recover<'env>(
        &self,
        env: &'env Env,
        key: String,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, AnswerOutput>> {
        let client = self.client()?;
        let call = async move { Ok(core(client.recover(&key).await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// Where payments are recorded; nothing before the first one, and after `close`.
    #[napi(getter, catch_unwind)]
    pub fn journal(&self) -> Option<JournalOutput> {
        self.client().ok()?.journal().map(Into::into)
    }
}
