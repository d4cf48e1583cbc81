//! What happens between the check and the settlement.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use alloy::primitives::{Address, U256};
use blockrun_gateway::{
    Completion, Frames, PracticeProvider, Provider, ProviderCall, ProviderError,
};
use serde_json::json;

use super::{
    anvil::{ANYBODY, Anvil, PURSE, payer},
    shop::{PAYEE, assert_paid, with_provider},
    support::{Shop, hello},
    token::{TestUSDC, cancellation, execution},
};

type Event = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Answers once something else has happened.
#[derive(Default, Clone)]
pub(crate) struct Meanwhile {
    event: Arc<Mutex<Option<Event>>>,
    asked: Arc<AtomicUsize>,
    inner: PracticeProvider,
}

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meanwhile")
    }
}

impl Meanwhile {
    pub(crate) fn happens(&self, event: impl Future<Output = ()> + Send + 'static) {
        *self.event.lock().unwrap() = Some(Box::pin(event));
    }

    /// How often the provider was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn happen(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let event = self.event.lock().unwrap().take();
        if let Some(event) = event {
            event.await;
        }
    }
}

#[async_trait::async_trait]
impl Provider for Meanwhile {
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.happen().await;
        self.inner.complete(call).await
    }

    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError> {
        self.happen().await;
        self.inner.stream(call).await
    }
}

async fn scene() -> Option<(Arc<Anvil>, Shop, Meanwhile)> {
    let anvil = Arc::new(Anvil::start().await?);
    let meanwhile = Meanwhile::default();
    let shop = with_provider(&anvil, meanwhile.clone()).await;
    Some((anvil, shop, meanwhile))
}

#[tokio::test]
async fn somebody_else_submits_the_authorization() {
    for stream in [false, true] {
        let Some((anvil, shop, meanwhile)) = scene().await else { return };
        let mut body = hello("gpt-4o");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, 1).await;
        let (chain, call) = (Arc::clone(&anvil), execution(&payment));
        meanwhile.happens(async move {
            chain.send(ANYBODY, call).await;
        });
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let payments = anvil.payments().await;
        assert_eq!(answer.settlement().transaction(), payments.first().map(String::as_str));
        assert_paid(&anvil, payment.amount.micro(), 1).await;
        let again = shop.paid(&body, &payment).await;
        assert_eq!((again.body, again.status), (answer.body, 200));
        assert_eq!(meanwhile.asked(), 1);
    }
}

#[tokio::test]
async fn the_payer_cancels_the_authorization() {
    for stream in [false, true] {
        let Some((anvil, shop, meanwhile)) = scene().await else { return };
        let mut body = hello("gpt-4o");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, 1).await;
        let chain = Arc::clone(&anvil);
        let call = cancellation(&shop.key, payment.authorization.nonce);
        meanwhile.happens(async move {
            chain.send(ANYBODY, call).await;
        });
        let reason = Some("invalid_exact_evm_nonce_already_used");
        for _ in 0..2 {
            let refused = shop.paid(&body, &payment).await;
            assert_eq!(refused.challenge().error.as_deref(), reason);
            assert!(!refused.text().contains("How can I help"), "the answer is not given");
        }
        assert_paid(&anvil, 0, 0).await;
        assert_eq!(meanwhile.asked(), 1);
    }
}

#[tokio::test]
async fn the_payer_empties_the_wallet() {
    let Some((anvil, shop, meanwhile)) = scene().await else { return };
    let body = hello("gpt-4o");
    let payment = shop.payment(&body, 1).await;
    let chain = Arc::clone(&anvil);
    let elsewhere = Address::repeat_byte(9);
    meanwhile.happens(async move {
        let spend = TestUSDC::transferCall { to: elsewhere, value: U256::from(PURSE) };
        chain.send(&payer().to_string(), spend).await;
    });
    for _ in 0..2 {
        let refused = shop.paid(&body, &payment).await;
        assert_eq!(refused.challenge().error.as_deref(), Some("insufficient_funds"));
        let told = refused.settlement();
        assert_eq!((told.success, told.transaction()), (false, None));
        assert!(!refused.text().contains("How can I help"), "the answer is not given");
    }
    assert_eq!((anvil.balance(PAYEE).await, anvil.balance(elsewhere).await), (0, PURSE));
    // The same payment is good again when the money is, and its answer is still there.
    anvil.mint(payer(), PURSE).await;
    let answer = shop.paid(&body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(anvil.balance(PAYEE).await, payment.amount.micro());
    assert_eq!(meanwhile.asked(), 1);
}
