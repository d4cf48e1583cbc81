// The values of the native half, under this module's name.

import BlockRunNative
import Foundation

public typealias ApiRequest = BlockRunNative.ApiRequest
public typealias ApiResponse = BlockRunNative.ApiResponse
public typealias Authorization = BlockRunNative.Authorization
public typealias ChatChoice = BlockRunNative.ChatChoice
public typealias ChatChunk = BlockRunNative.ChatChunk
public typealias ChatMessage = BlockRunNative.ChatMessage
public typealias ChatOptions = BlockRunNative.ChatOptions
public typealias ChatPrice = BlockRunNative.ChatPrice
public typealias ChatRates = BlockRunNative.ChatRates
public typealias ChatResponse = BlockRunNative.ChatResponse
public typealias ChatUsage = BlockRunNative.ChatUsage
public typealias ChunkChoice = BlockRunNative.ChunkChoice
public typealias ClientOptions = BlockRunNative.ClientOptions
public typealias ContentPart = BlockRunNative.ContentPart
public typealias DiscoveredWallet = BlockRunNative.DiscoveredWallet
public typealias DiscoverOptions = BlockRunNative.DiscoverOptions
public typealias Durability = BlockRunNative.Durability
public typealias ErrorCode = BlockRunNative.ErrorCode
public typealias ErrorDetails = BlockRunNative.ErrorDetails
public typealias Funding = BlockRunNative.Funding
public typealias ImageData = BlockRunNative.ImageData
public typealias ImageOptions = BlockRunNative.ImageOptions
public typealias ImageResponse = BlockRunNative.ImageResponse
public typealias JournalKind = BlockRunNative.JournalKind
public typealias Model = BlockRunNative.Model
public typealias OnUnresolved = BlockRunNative.OnUnresolved
public typealias PaymentFilter = BlockRunNative.PaymentFilter
public typealias PaymentMode = BlockRunNative.PaymentMode
public typealias PaymentRecord = BlockRunNative.PaymentRecord
public typealias PaymentRequest = BlockRunNative.PaymentRequest
public typealias PaymentScope = BlockRunNative.PaymentScope
public typealias PaymentState = BlockRunNative.PaymentState
public typealias Prepay = BlockRunNative.Prepay
public typealias PriceRule = BlockRunNative.PriceRule
public typealias Proof = BlockRunNative.Proof
public typealias Quote = BlockRunNative.Quote
public typealias Reconciliation = BlockRunNative.Reconciliation
public typealias RecordState = BlockRunNative.RecordState
public typealias Rejection = BlockRunNative.Rejection
public typealias Resource = BlockRunNative.Resource
public typealias ResourceOffer = BlockRunNative.ResourceOffer
public typealias ServerFallback = BlockRunNative.ServerFallback
public typealias Settlement = BlockRunNative.Settlement
public typealias SignedAuthorization = BlockRunNative.SignedAuthorization
public typealias SignedPayment = BlockRunNative.SignedPayment
public typealias SigningRequest = BlockRunNative.SigningRequest
public typealias Spending = BlockRunNative.Spending
public typealias SpendLimit = BlockRunNative.SpendLimit
public typealias ToolCall = BlockRunNative.ToolCall
public typealias Usdc = BlockRunNative.Usdc
public typealias Verification = BlockRunNative.Verification
public typealias VerifiedPayment = BlockRunNative.VerifiedPayment
public typealias WalletFile = BlockRunNative.WalletFile
public typealias WalletStatus = BlockRunNative.WalletStatus

extension Usdc {
    /// An amount from decimal dollars, exactly: `try Usdc("0.25")`.
    ///
    /// - Throws: ``BlockrunError/invalidArgument(_:)`` for more than 6 decimals, or what is not an
    ///   amount.
    public init(_ dollars: String) throws {
        self = try translated { try parseUsdc(dollars: dollars) }
    }

    /// The amount in dollars, exactly.
    public var dollars: Decimal { Decimal(micro) / 1_000_000 }
}

extension ChatMessage {
    /// A system message.
    public static func system(_ text: String) -> ChatMessage {
        ChatMessage(role: "system", content: text)
    }

    /// A user message, with images if there are any: addresses, or data URLs such as
    /// `data:image/png;base64,…`.
    public static func user(_ text: String, images: [String] = []) -> ChatMessage {
        guard !images.isEmpty else { return ChatMessage(role: "user", content: text) }
        let parts = [ContentPart.text(text: text)] + images.map(ContentPart.image(url:))
        return ChatMessage(role: "user", parts: parts)
    }

    /// What the model said before.
    public static func assistant(_ text: String) -> ChatMessage {
        ChatMessage(role: "assistant", content: text)
    }

    /// What a tool answered to a ``ToolCall``.
    public static func tool(callId: String, result: String) -> ChatMessage {
        ChatMessage(role: "tool", content: result, toolCallId: callId)
    }
}
