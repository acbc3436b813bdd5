// SPDX-License-Identifier: Apache-2.0
#include "ui/models/conversation.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace moescope::ui {

namespace {

QString tr(const char* text, int n = -1) {
    return QCoreApplication::translate("moescope::ui::Conversation", text, nullptr, n);
}

} // namespace

QString stopText(const QString& reason) {
    if (reason == QLatin1String("eos")) {
        return tr("stopped at end of text");
    }
    if (reason == QLatin1String("stop")) {
        return tr("stopped at a stop text");
    }
    if (reason == QLatin1String("length")) {
        return tr("stopped at the token limit");
    }
    if (reason == QLatin1String("context")) {
        return tr("stopped because the context is full");
    }
    if (reason == QLatin1String("cancelled")) {
        return tr("stopped by you");
    }
    return {};
}

QString groupedText(qint64 value) { return QLocale(QLocale::English).toString(value); }

QString figureText(double value) {
    const double size = std::abs(value);
    if (size >= 100) {
        return groupedText(std::llround(value));
    }
    return QString::number(value, 'f', size >= 1 ? 1 : 2);
}

QString durationText(double ms) {
    if (ms < 999.5) {
        return tr("%1 ms").arg(std::llround(ms));
    }
    if (ms < 59'950) {
        return tr("%1 s").arg(ms / 1000, 0, 'f', 1);
    }
    const qint64 seconds = std::llround(ms / 1000);
    return tr("%1 min %2 s").arg(groupedText(seconds / 60)).arg(seconds % 60);
}

QString samplingText(const SamplingView& sampling) {
    QStringList parts;
    if (sampling.temperature <= 0) {
        parts << tr("Greedy");
    } else {
        parts << tr("Temperature %1").arg(sampling.temperature);
        if (sampling.top_p < 1) {
            parts << tr("top-p %1").arg(sampling.top_p);
        } else if (sampling.top_k > 0) {
            parts << tr("top-k %1").arg(sampling.top_k);
        }
        parts << (sampling.seed ? tr("seed %1").arg(*sampling.seed) : tr("random seed"));
    }
    return parts.join(QStringLiteral(" · "));
}

QString wholeSamplingText(const SamplingView& sampling) {
    QStringList parts{sampling.seed ? tr("seed %1").arg(*sampling.seed) : tr("random seed"),
                      tr("temperature %1").arg(sampling.temperature),
                      tr("top-k %1").arg(sampling.top_k),
                      tr("top-p %1").arg(sampling.top_p),
                      tr("min-p %1").arg(sampling.min_p),
                      tr("repetition penalty %1").arg(sampling.repetition_penalty)};
    if (sampling.max_tokens > 0) {
        parts << tr("at most %1 tokens").arg(groupedText(sampling.max_tokens));
    }
    return parts.join(QStringLiteral(" · "));
}

QString takenText(const QList<TakenToken>& taken) {
    QStringList parts;
    for (const TakenToken& at : taken) {
        parts << tr("“%1” at token %2").arg(at.text, groupedText(at.token + 1));
    }
    return parts.isEmpty() ? QString() : tr("branch: %1").arg(parts.join(QStringLiteral(", ")));
}

QString documentText(const DocumentView& document) {
    switch (document.state) {
    case DocumentView::State::Reading: return tr("reading…");
    case DocumentView::State::Counting: return tr("counting…");
    case DocumentView::State::Ready: break;
    }
    if (document.tokens >= 0) {
        return document.tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(document.tokens));
    }
    const qsizetype characters = document.text.size();
    return characters == 1 ? tr("1 character") : tr("%1 characters").arg(groupedText(characters));
}

QString statsText(const MessageStats& stats, bool brief) {
    if (stats.tokens == 0 && stats.stop_reason == QLatin1String("cancelled")) {
        return tr("stopped by you before the first token");
    }
    QStringList parts;
    parts << (stats.tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(stats.tokens)));
    if (stats.tokens_per_second > 0) {
        parts << tr("%1 tok/s").arg(figureText(stats.tokens_per_second));
    }
    if (!brief) {
        if (stats.first_token_ms > 0) {
            parts << tr("first token %1").arg(durationText(stats.first_token_ms));
        }
        if (const QString reason = stopText(stats.stop_reason); !reason.isEmpty()) {
            parts << reason;
        }
    }
    return parts.join(QStringLiteral(" · "));
}

QString thinkingText(const AnswerParts& parts) {
    QStringList words;
    if (parts.thinks) {
        words << tr("Thinking…");
    } else {
        words << (parts.thinking_ms > 0 ? tr("Thought for %1").arg(durationText(parts.thinking_ms)) : tr("Thought"));
    }
    if (parts.thinking_tokens > 0) {
        words << (parts.thinking_tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(parts.thinking_tokens)));
    }
    return words.join(QStringLiteral(" · "));
}

QString shortTime(const QDateTime& when, const QDateTime& now, bool underDateHead) {
    const qint64 days = when.date().daysTo(now.date());
    const QLocale locale;
    if (days <= 0) {
        const qint64 seconds = when.secsTo(now);
        return seconds < 60 ? tr("now") : locale.toString(when.time(), QStringLiteral("HH:mm"));
    }
    if (days == 1 && underDateHead) {
        return locale.toString(when.time(), QStringLiteral("HH:mm"));
    }
    if (days < 7 && !underDateHead) {
        return locale.standaloneDayName(when.date().dayOfWeek(), QLocale::ShortFormat);
    }
    const bool thisYear = when.date().year() == now.date().year();
    return locale.toString(when.date(), thisYear ? QStringLiteral("d MMM") : QStringLiteral("d MMM yyyy"));
}

} // namespace moescope::ui
