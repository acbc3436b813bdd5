// SPDX-License-Identifier: Apache-2.0
#include "ui/models/modelfit.h"

#include "ui/models/conversation.h"

#include <QCoreApplication>

#include <algorithm>

namespace moescope::ui {

namespace {

// As a load chooses where no context is named.
constexpr quint64 kLeftToOthers = 16; ///< one part in so many of the free memory
constexpr quint32 kStep = 64;         ///< tokens
constexpr quint32 kLeast = 128;       ///< tokens
constexpr quint64 kTightPercent = 90;

QString tr(const char* text) { return QCoreApplication::translate("modelfit", text); }

quint64 usableBytes(quint64 free) { return free - free / kLeftToOthers; }

quint32 fittingTokens(const trace::MemoryNeeds& needs, quint32 limit, const FitQuestion& question) {
    const quint64 usable = usableBytes(question.free_bytes);
    const quint64 fixed = needs.total(0, question.kv);
    const quint64 each = std::max<quint64>(needs.total(1, question.kv) - fixed, 1);
    const quint64 tokens = usable > fixed ? (usable - fixed) / each : 0;
    if (tokens >= limit) {
        return limit;
    }
    return tokens < std::min(kLeast, limit) ? 0 : static_cast<quint32>(tokens / kStep * kStep);
}

} // namespace

QString kvTypeText(trace::KvType type) {
    const std::string_view name = trace::kvTypeName(type);
    return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size())).toUpper();
}

QString bytesText(quint64 bytes) { return QString::fromStdString(trace::bytesText(bytes)); }

Fit fitOf(const trace::ModelCard& card, const FitQuestion& question) {
    Fit fit;
    const std::optional<trace::MemoryNeeds>& needs = card.needsOn(question.software);
    if (!needs) {
        fit.state = FitState::Unreadable;
        return fit;
    }
    fit.context = std::min(question.context, card.info.context_length);
    fit.needed_bytes = needs->total(fit.context, question.kv);
    fit.free_bytes = question.free_bytes;
    if (question.device.isEmpty()) {
        return fit;
    }
    fit.fitting_tokens = fittingTokens(*needs, card.info.context_length, question);
    if (fit.needed_bytes <= fit.free_bytes / 100 * kTightPercent) {
        fit.state = FitState::Fits;
    } else if (fit.needed_bytes <= usableBytes(fit.free_bytes)) {
        fit.state = FitState::Tight;
    } else if (fit.fitting_tokens > 0) {
        fit.state = FitState::Shorter;
    } else {
        fit.state = fit.needed_bytes <= fit.free_bytes ? FitState::Tight : FitState::TooLarge;
    }
    return fit;
}

QString fitText(const Fit& fit) {
    switch (fit.state) {
    case FitState::Fits: return tr("Fits");
    case FitState::Tight: return tr("Fits, little is left");
    case FitState::Shorter: return tr("Fits up to %1 tokens").arg(groupedText(fit.fitting_tokens));
    case FitState::TooLarge: return tr("%1 too large").arg(bytesText(fit.excess()));
    case FitState::Unchecked: return tr("Not checked");
    case FitState::Unreadable: break;
    }
    return tr("Cannot be read");
}

QString fitSentence(const trace::ModelCard& card, const Fit& fit, const FitQuestion& question, const QString& reason) {
    const QString needed = bytesText(fit.needed_bytes);
    const QString free = bytesText(fit.free_bytes);
    switch (fit.state) {
    case FitState::Fits:
        return tr("This model needs %1 and %2 has %3 free, so it fits.").arg(needed, question.device, free);
    case FitState::Tight:
        return tr("This model needs %1 of the %2 that %3 has free, so little is left for other programs.")
            .arg(needed, free, question.device);
    case FitState::Shorter:
        if (fit.needed_bytes <= fit.free_bytes) {
            return tr("With %1 tokens this model needs %2 of the %3 that %4 has free, and a sixteenth of that must "
                      "stay free for other programs. It fits with up to %5 tokens.")
                .arg(groupedText(fit.context), needed, free, question.device, groupedText(fit.fitting_tokens));
        }
        return tr("With %1 tokens this model needs %2 and %3 has %4 free. It fits with up to %5 tokens, which leaves a "
                  "sixteenth of that to other programs.")
            .arg(groupedText(fit.context), needed, question.device, free, groupedText(fit.fitting_tokens));
    case FitState::TooLarge: {
        const QString verdict =
            tr("This model needs %1 and %2 has %3 free, so it cannot be loaded.").arg(needed, question.device, free);
        const quint64 routed = card.needs->routed.bytes;
        return routed <= fit.free_bytes ? verdict
                                        : tr("%1 The routed experts alone are %2.").arg(verdict, bytesText(routed));
    }
    case FitState::Unchecked:
        return tr("This model needs %1. There is no device yet to check that against.").arg(needed);
    case FitState::Unreadable: break;
    }
    return reason;
}

QString fitAdvice(const Fit& fit) {
    switch (fit.state) {
    case FitState::Shorter: return tr("Loads with %1 tokens.").arg(groupedText(fit.fitting_tokens));
    case FitState::Unreadable: return tr("The message above says why.");
    case FitState::TooLarge: return tr("A smaller file type or a larger device is needed.");
    default: return {};
    }
}

QString fitIcon(FitState state) {
    switch (state) {
    case FitState::Fits: return QStringLiteral("check");
    case FitState::Tight:
    case FitState::Shorter: return QStringLiteral("warning");
    case FitState::TooLarge: return QStringLiteral("error");
    case FitState::Unchecked:
    case FitState::Unreadable: break;
    }
    return QStringLiteral("help");
}

} // namespace moescope::ui
