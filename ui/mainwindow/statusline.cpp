// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/statusline.h"

#include "engine/trace/error.h"
#include "ui/models/conversation.h"
#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"
#include "ui/widgets/contextmeter.h"
#include "ui/widgets/statusitem.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

namespace moescope::ui {

namespace {

constexpr int kLeastSpeed = 900; ///< px of window width: below, the speed goes too
constexpr int kHeight = 28;      ///< px
constexpr int kAllAbove = 1180;  ///< px of window width: below, KV and prefill speed go

Color dotColor(Activity activity) {
    switch (activity) {
    case Activity::Empty: return Color::TextMuted;
    case Activity::Idle: return Color::Ok;
    default: return Color::AccentText;
    }
}

} // namespace

StatusLine::StatusLine(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Status"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(4, 0, 6, 0);
    row->setSpacing(8);
    m_state = new StatusItem(this);
    m_model = new StatusItem(this);
    m_model->setIconName(QStringLiteral("model"));
    m_device = new StatusItem(this);
    m_device->setIconName(QStringLiteral("device"));
    m_speed = new StatusItem(this);
    m_speed->setIconName(QStringLiteral("gauge"));
    m_kv = new StatusItem(this);
    m_kv->setIconName(QStringLiteral("cache"));
    m_context = new ContextMeter(this);
    m_offline = new StatusItem(this);
    m_offline->setIconName(QStringLiteral("offline"));
    m_offline->setText(tr("Offline"));
    m_offline->setToolTip(tr("Everything runs on this machine. Nothing is sent anywhere."));
    for (QWidget* part : QList<QWidget*>{m_state, m_model, m_device, m_speed}) {
        row->addWidget(part);
    }
    row->addStretch(1);
    for (QWidget* part : QList<QWidget*>{m_kv, m_context, m_offline}) {
        row->addWidget(part);
    }
    connect(m_model, &StatusItem::clicked, this, &StatusLine::modelClicked);
    connect(m_device, &StatusItem::clicked, this, &StatusLine::deviceClicked);
    connect(m_kv, &StatusItem::clicked, this, &StatusLine::kvClicked);
    connect(m_context, &ContextMeter::clicked, this, &StatusLine::contextClicked);
    // These have no page: they only say something.
    for (StatusItem* part : {m_state, m_speed, m_offline}) {
        part->setFocusPolicy(Qt::NoFocus);
        part->setAttribute(Qt::WA_TransparentForMouseEvents);
    }
    setActivity(Activity::Loading, tr("Starting"));
    refresh();
}

void StatusLine::setActivity(Activity activity, const QString& words) {
    m_state->setDot(dotColor(activity));
    m_state->setText(words);
}

void StatusLine::setModel(const QString& name, const QString& type) {
    m_modelName = name;
    m_modelType = type;
    refresh();
}

void StatusLine::setDevice(const QString& name, bool software) {
    // Drivers put their compiler's version in brackets; the settings show the whole name.
    m_deviceName = name.section(QStringLiteral(" ("), 0, 0);
    m_software = software;
    refresh();
}

void StatusLine::setSpeed(double decode, double prefill) {
    m_decode = decode;
    m_prefill = prefill;
    refresh();
}

void StatusLine::setKv(quint64 usedBytes, quint64 reservedBytes) {
    m_usedBytes = usedBytes;
    m_reservedBytes = reservedBytes;
    refresh();
}

void StatusLine::setContext(int usedTokens, int limitTokens) {
    m_context->setTokens(usedTokens, limitTokens);
    refresh();
}

void StatusLine::setRoom(int windowWidth, bool inspect) {
    m_windowWidth = windowWidth;
    m_inspect = inspect;
    refresh();
}

void StatusLine::refresh() {
    const bool all = m_windowWidth >= kAllAbove * theme().fontScale();
    m_model->setVisible(!m_modelName.isEmpty());
    m_device->setVisible(!m_deviceName.isEmpty());
    const QString device = m_software && all ? tr("%1 · software Vulkan").arg(m_deviceName) : m_deviceName;
    const QString decode = tr("%1 tok/s").arg(figureText(m_decode));
    m_speed->setText(m_decode <= 0 ? tr("prefill %1 tok/s").arg(figureText(m_prefill))
                     : all && m_inspect && m_prefill > 0
                         ? tr("decode %1 · prefill %2 tok/s").arg(decode, figureText(m_prefill))
                         : decode);
    m_kv->setVisible(all && m_reservedBytes > 0);
    m_context->setVisible(m_context->limit() > 0);
    const QString used = m_usedBytes == 0 ? QStringLiteral("0") : QString::fromStdString(trace::bytesText(m_usedBytes));
    const QString reserved = QString::fromStdString(trace::bytesText(m_reservedBytes));
    const bool unread = m_usedBytes == 0 && m_context->used() != 0; // kept from before, computed with the next message
    m_kv->setText(unread ? tr("KV 0 of %1, not read yet").arg(reserved) : tr("KV %1 of %2").arg(used, reserved));
    m_kv->setToolTip(unread ? tr("The KV cache holds nothing of this chat. Its tokens are read with the next message.")
                            : QString());

    // The two names share what the numbers leave; one that needs less than its half leaves the rest to the other.
    const bool speed = m_decode > 0 || m_prefill > 0;
    m_speed->setVisible(speed && (all || m_windowWidth >= kLeastSpeed * theme().fontScale()));
    int room = m_windowWidth - 32 - 7 * layout()->spacing();
    for (const QWidget* part : QList<QWidget*>{m_state, m_speed, m_kv, m_context, m_offline}) {
        room -= part->isHidden() ? 0 : part->sizeHint().width();
    }
    const QFontMetrics metrics(theme().font(TextStyle::Small));
    const QString ending = m_modelType.isEmpty() ? QString() : QStringLiteral(" · %1").arg(m_modelType);
    const int half = qMax(24, room / 2 - 36);
    const auto spare = [&](const QString& words) { return qMax(0, half - metrics.horizontalAdvance(words)); };
    const auto fit = [&](StatusItem* item, const QString& name, const QString& end, int words) {
        const int kept = metrics.horizontalAdvance(end);
        const bool both = kept <= words / 2 || metrics.horizontalAdvance(name + end) <= words;
        item->setText(both ? metrics.elidedText(name, Qt::ElideRight, words - kept) + end
                           : metrics.elidedText(name, Qt::ElideRight, words));
        item->setToolTip(plainToolTip(name + end));
    };
    fit(m_model, m_modelName, ending, half + spare(device));
    fit(m_device, device, {}, half + spare(m_modelName + ending));
}

bool StatusLine::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        for (const StatusItem* part : {m_state, m_model, m_speed, m_offline}) {
            if (part->isVisible() && part->geometry().contains(help->pos())) {
                QToolTip::showText(help->globalPos(), part->toolTip(), this);
                return true;
            }
        }
    }
    return QWidget::event(event);
}

void StatusLine::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_offline != nullptr) {
        refresh();
    }
}

StatusArea::StatusArea(QWidget* parent) : QStatusBar(parent) {
    setSizeGripEnabled(false);
    setFixedHeight(kHeight);
}

void StatusArea::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Window));
    painter.setPen(theme().color(Color::Border));
    painter.drawLine(0, 0, width(), 0);
}

} // namespace moescope::ui
